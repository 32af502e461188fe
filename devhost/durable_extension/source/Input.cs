using System.Text.Json;

namespace DurableHost;

/// <summary>An argument or a file is not usable. The message is one sentence for the user.</summary>
public sealed class InvalidInput(string message) : Exception(message);

/// <summary>The command line.</summary>
public sealed record Arguments(string Functions, string HostFile, Uri WorkerAddress, string ClientFile)
{
    public static Arguments Parse(string[] given)
    {
        if (given.Length != 4)
            throw new InvalidInput("usage: durable-host FUNCTIONS_JSON HOST_JSON WORKER_ADDRESS CLIENT_JSON");
        // The worker executes what this program sends, so only this machine may be asked.
        if (!Uri.TryCreate(given[2], UriKind.Absolute, out var worker) || worker.Scheme != Uri.UriSchemeHttp || !worker.IsLoopback)
            throw new InvalidInput($"WORKER_ADDRESS must be an http address of this machine, not '{given[2]}'.");
        var client = Path.GetFullPath(given[3]);
        if (!Directory.Exists(Path.GetDirectoryName(client)))
            throw new InvalidInput($"the folder of CLIENT_JSON does not exist: {client}.");
        return new Arguments(given[0], given[1], worker, client);
    }
}

/// <summary>Reads a JSON file whose root is an object.</summary>
static class JsonFile
{
    public static JsonElement Read(string file, string argument)
    {
        try
        {
            var options = new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };
            var root = JsonDocument.Parse(File.ReadAllText(file), options).RootElement;
            return root.ValueKind == JsonValueKind.Object ? root : throw new InvalidInput($"{argument} is no JSON object: {file}.");
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new InvalidInput($"{argument} cannot be read: {problem.Message}");
        }
    }
}

/// <summary>Reads the section `extensions` of host.json.</summary>
static class HostFile
{
    /// <summary>Returns the section as the settings that the extensions bind their options to.</summary>
    public static IReadOnlyList<KeyValuePair<string, string?>> Settings(string file)
    {
        var root = JsonFile.Read(file, "HOST_JSON");
        return root.TryGetProperty("extensions", out var extensions) ? [.. Flat("AzureWebJobs:extensions", extensions)] : [];
    }

    static IEnumerable<KeyValuePair<string, string?>> Flat(string key, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().SelectMany(each => Flat($"{key}:{each.Name}", each.Value)),
        JsonValueKind.Array => value.EnumerateArray().SelectMany((each, position) => Flat($"{key}:{position}", each)),
        JsonValueKind.Null => [new(key, null)],
        JsonValueKind.String => [new(key, value.GetString())],
        _ => [new(key, value.GetRawText())],
    };
}
