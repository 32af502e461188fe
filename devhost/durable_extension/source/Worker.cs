using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using Newtonsoft.Json;
using JsonSerializer = System.Text.Json.JsonSerializer;

namespace DurableHost;

/// <summary>The worker does not answer. The engine knows the name of this class, and gives the work back.</summary>
public sealed class WorkerProcessExitException(string message, Exception inner) : Exception(message, inner);

/// <summary>A function of the app failed. The message has the form that the Functions host gives it.</summary>
public sealed class RpcException(string message) : Exception(message);

/// <summary>The process that executes the functions of the app.</summary>
public sealed class Worker(Uri address)
{
    static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(100);
    // The activities of an app decide how long they run.
    readonly HttpClient http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 512 })
    {
        BaseAddress = address,
        Timeout = Timeout.InfiniteTimeSpan,
    };
    readonly SemaphoreSlim starting = new(1);
    volatile bool isReady;

    /// <summary>The worker of this program. The methods of the app's class call it.</summary>
    public static Worker Current { get; set; } = null!;

    /// <summary>The JSON that a durable client binding of the app receives.</summary>
    public static string? ClientConfiguration { get; private set; }

    public static void RememberClient(string configuration) => ClientConfiguration = configuration;

    /// <summary>Calls an orchestrator or an entity with its work, and returns its decisions, both in base64.</summary>
    public static Task<string?> CallDurable(string function, string work) => Current.Invoke(new(function, work, null));

    /// <summary>Calls an activity, and reads the JSON that it returns as the Functions host does.</summary>
    public static async Task<object?> CallActivity(string function, string input)
    {
        var json = await Current.Invoke(new(function, input, null));
        return json is null ? null : JsonConvert.DeserializeObject(json, KeepTexts);
    }

    static readonly JsonSerializerSettings KeepTexts = new() { DateParseHandling = DateParseHandling.None };

    /// <summary>Calls the function of a queue with a message.</summary>
    public static Task CallWithMessage(string function, string message, string id, long dequeueCount, string popReceipt,
        DateTimeOffset insertionTime, DateTimeOffset expirationTime, DateTimeOffset nextVisibleTime) =>
        Current.Invoke(new(function, message, new()
        {
            ["Id"] = id,
            ["DequeueCount"] = dequeueCount,
            ["PopReceipt"] = popReceipt,
            ["InsertionTime"] = insertionTime.ToString("O"),
            ["ExpirationTime"] = expirationTime.ToString("O"),
            ["NextVisibleTime"] = nextVisibleTime.ToString("O"),
        }));

    async Task<string?> Invoke(Call call)
    {
        await UntilReady();
        Answer answer;
        try
        {
            using var response = await http.PostAsync("invoke", JsonContent.Create(call));
            response.EnsureSuccessStatusCode();
            answer = JsonSerializer.Deserialize<Answer>(await response.Content.ReadAsStringAsync()) ?? new Answer(null, null, null, null);
        }
        catch (Exception problem) when (problem is HttpRequestException or IOException)
        {
            isReady = false;
            throw new WorkerProcessExitException("The worker does not answer.", problem);
        }
        return answer.Type is null
            ? answer.Value
            : throw new RpcException($"Result: Failure\nException: {answer.Type}: {answer.Message}\nStack: {answer.Trace}");
    }

    async Task UntilReady()
    {
        if (isReady)
            return;
        await starting.WaitAsync();
        try
        {
            while (!isReady)
            {
                isReady = await IsReady();
                if (!isReady)
                    await Task.Delay(BetweenTries);
            }
        }
        finally
        {
            starting.Release();
        }
    }

    async Task<bool> IsReady()
    {
        try
        {
            using var response = await http.GetAsync("ready");
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false; // it starts, or it starts again
        }
    }

    sealed record Call(
        [property: JsonPropertyName("function")] string Function,
        [property: JsonPropertyName("value")] string? Value,
        [property: JsonPropertyName("metadata")] Dictionary<string, object>? Metadata);

    sealed record Answer(
        [property: JsonPropertyName("value")] string? Value,
        [property: JsonPropertyName("type")] string? Type,
        [property: JsonPropertyName("message")] string? Message,
        [property: JsonPropertyName("trace")] string? Trace);
}
