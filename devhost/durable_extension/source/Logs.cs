using System.Text;
using Microsoft.Azure.WebJobs.Host.Config;
using Microsoft.Extensions.Logging;

namespace DurableHost;

static class Logs
{
    /// <summary>Writes one line for each record. DURABLE_LOG is the level of the Durable extension.</summary>
    public static void Configure(ILoggingBuilder builder)
    {
        if (!Enum.TryParse<LogLevel>(Environment.GetEnvironmentVariable("DURABLE_LOG"), ignoreCase: true, out var durable))
            durable = LogLevel.Warning;
        builder
            .AddSimpleConsole(options => { options.SingleLine = true; options.TimestampFormat = "HH:mm:ss.fff "; })
            .SetMinimumLevel(LogLevel.Warning)
            .AddFilter("Azure.Core", LogLevel.Error)
            // The worker reports the failures of functions.
            .AddFilter("Host.Results", LogLevel.None)
            .AddFilter("Host.Triggers.DurableTask", durable);
    }
}

/// <summary>A console without the records that the extension prints for App Service on Linux.</summary>
sealed class ConsoleWithoutEventRecords(TextWriter console) : TextWriter
{
    const string Record = "MS_DURABLE_FUNCTION_EVENTS_LOGS";

    public override Encoding Encoding => console.Encoding;
    public override void Flush() => console.Flush();
    public override void Write(char value) => console.Write(value);
    public override void Write(string? value) => console.Write(value);
    public override void WriteLine(string? value)
    {
        if (value?.StartsWith(Record, StringComparison.Ordinal) != true)
            console.WriteLine(value);
    }
}

/// <summary>Gives the extension an address for its web hooks, which this program does not serve.</summary>
sealed class UnservedWebHooks : IWebHookProvider
{
    public Uri GetUrl(IExtensionConfigProvider extension) => new("http://127.0.0.1:1/runtime/webhooks/durabletask?code=none");
}
