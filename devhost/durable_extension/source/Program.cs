// Hosts the Durable and queue extensions of Azure Functions for an app in another process.
// Usage: durable-host FUNCTIONS_JSON HOST_JSON WORKER_ADDRESS CLIENT_JSON
using DurableHost;
using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Extensions.DurableTask;
using Microsoft.Azure.WebJobs.Host;
using Microsoft.Azure.WebJobs.Host.Config;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

const int Stopped = 0, Failed = 1, Misused = 2;

Console.SetOut(new ConsoleWithoutEventRecords(Console.Out));
Arguments arguments;
FunctionClass app;
IReadOnlyList<KeyValuePair<string, string?>> settings;
try
{
    arguments = Arguments.Parse(args);
    app = FunctionClass.Build(FunctionList.Read(arguments.Functions));
    settings = HostFile.Settings(arguments.HostFile);
}
catch (InvalidInput problem)
{
    Console.Error.WriteLine($"durable-host: {problem.Message}");
    return Misused;
}

Worker.Current = new Worker(arguments.WorkerAddress);
using var host = Build(app, settings);
try
{
    await host.StartAsync();
    await ((JobHost)host.Services.GetRequiredService<IJobHost>()).CallAsync(app.ClientMethod);
    WriteAtOnce(arguments.ClientFile, Worker.ClientConfiguration!);
}
catch (Exception problem) when (problem is not OperationCanceledException)
{
    Console.Error.WriteLine($"durable-host: the host did not start: {Reasons(problem)}");
    return Failed;
}
Console.WriteLine($"ready {arguments.ClientFile}");
await host.WaitForShutdownAsync();
return Stopped;

static IHost Build(FunctionClass app, IReadOnlyList<KeyValuePair<string, string?>> settings) => new HostBuilder()
    .UseEnvironment("Production")
    .ConfigureAppConfiguration(builder => builder.AddInMemoryCollection(settings).AddEnvironmentVariables())
    .ConfigureWebJobs(builder =>
    {
        builder.AddAzureStorageCoreServices();
        builder.AddAzureStorageQueues();
        builder.AddDurableTask();
    })
    .ConfigureServices(services =>
    {
        services.AddSingleton<ITypeLocator>(new OneType(app.Type));
        services.AddSingleton<IWebHookProvider>(new UnservedWebHooks());
        // The calls that run at a stop are answered, or given back, within this time.
        services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(30));
    })
    .ConfigureLogging(Logs.Configure)
    .Build();

// A reader of the file sees the whole text or no file.
static void WriteAtOnce(string file, string text)
{
    var part = file + ".part";
    File.WriteAllText(part, text);
    File.Move(part, file, overwrite: true);
}

static string Reasons(Exception problem)
{
    var reasons = new List<string>();
    for (Exception? each = problem; each is not null; each = each.InnerException)
        reasons.Add(each.Message.ReplaceLineEndings(" "));
    return string.Join(" < ", reasons.Distinct());
}
