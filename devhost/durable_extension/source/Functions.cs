using System.Reflection;
using System.Reflection.Emit;
using System.Text.Json;
using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Extensions.DurableTask;
using Microsoft.Azure.WebJobs.Host;

namespace DurableHost;

/// <summary>The trigger of one function of the app.</summary>
public sealed record FunctionTrigger(string Function, string Type, JsonElement Binding)
{
    public string? Text(string key) =>
        Binding.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

/// <summary>Reads the functions and their bindings as the worker lists them.</summary>
public static class FunctionList
{
    static readonly string[] Served = ["orchestrationTrigger", "activityTrigger", "entityTrigger", "queueTrigger"];

    public static IReadOnlyList<FunctionTrigger> Read(string file)
    {
        var triggers = JsonFile.Read(file, "FUNCTIONS_JSON").EnumerateObject().Select(each => Trigger(each.Name, each.Value)).ToList();
        var twice = triggers.GroupBy(each => each.Function, StringComparer.OrdinalIgnoreCase).FirstOrDefault(each => each.Count() > 1);
        return twice is null ? triggers : throw new InvalidInput($"FUNCTIONS_JSON has the function '{twice.Key}' twice.");
    }

    static FunctionTrigger Trigger(string name, JsonElement bindings)
    {
        if (bindings.ValueKind != JsonValueKind.Array)
            throw new InvalidInput($"FUNCTIONS_JSON must have a list of bindings for '{name}'.");
        foreach (var binding in bindings.EnumerateArray())
        {
            var found = new FunctionTrigger(name, "", binding);
            if (found.Text("type") is { } type && Served.Contains(type))
                return Complete(found with { Type = type });
        }
        throw new InvalidInput($"the function '{name}' has none of these triggers: {string.Join(", ", Served)}.");
    }

    static FunctionTrigger Complete(FunctionTrigger found) =>
        found.Type != "queueTrigger" || !string.IsNullOrEmpty(found.Text("queueName"))
            ? found
            : throw new InvalidInput($"the queue trigger of '{found.Function}' has no queueName.");
}

/// <summary>The class whose methods the WebJobs host takes for the functions of the app.</summary>
public sealed class FunctionClass
{
    const string ClientMethodName = "ClientConfiguration";
    readonly TypeBuilder builder;

    FunctionClass(TypeBuilder builder) => this.builder = builder;

    public Type Type { get; private set; } = null!;

    /// <summary>The method that stores the configuration of the durable client.</summary>
    public MethodInfo ClientMethod => Type.GetMethod(ClientMethodName)!;

    public static FunctionClass Build(IReadOnlyList<FunctionTrigger> triggers)
    {
        var module = AssemblyBuilder.DefineDynamicAssembly(new("app"), AssemblyBuilderAccess.Run).DefineDynamicModule("app");
        var made = new FunctionClass(module.DefineType("App", TypeAttributes.Public | TypeAttributes.Abstract | TypeAttributes.Sealed));
        foreach (var trigger in triggers)
            made.Add(trigger);
        made.AddClientMethod();
        made.Type = made.builder.CreateType();
        return made;
    }

    void Add(FunctionTrigger trigger)
    {
        switch (trigger.Type)
        {
            case "orchestrationTrigger":
                AddDurable(trigger, DurableAttribute(typeof(OrchestrationTriggerAttribute), "Orchestration", trigger.Text("orchestration")));
                break;
            case "activityTrigger":
                AddDurable(trigger, DurableAttribute(typeof(ActivityTriggerAttribute), "Activity", trigger.Text("activity")), isActivity: true);
                break;
            case "entityTrigger":
                AddDurable(trigger, DurableAttribute(typeof(EntityTriggerAttribute), "EntityName", trigger.Text("entityName")));
                break;
            case "queueTrigger":
                AddQueue(trigger);
                break;
        }
    }

    void AddDurable(FunctionTrigger trigger, CustomAttributeBuilder attribute, bool isActivity = false)
    {
        // An activity returns an object, so that the engine stores its JSON and not a JSON text of JSON.
        var method = isActivity
            ? Method(trigger.Function, typeof(Task<object>), [typeof(string)], nameof(Worker.CallActivity))
            : Method(trigger.Function, typeof(Task<string>), [typeof(string)], nameof(Worker.CallDurable));
        method.DefineParameter(1, ParameterAttributes.None, "context").SetCustomAttribute(attribute);
    }

    void AddQueue(FunctionTrigger trigger)
    {
        (string Name, Type Type)[] parameters =
        [
            ("message", typeof(string)), ("id", typeof(string)), ("dequeueCount", typeof(long)), ("popReceipt", typeof(string)),
            ("insertionTime", typeof(DateTimeOffset)), ("expirationTime", typeof(DateTimeOffset)), ("nextVisibleTime", typeof(DateTimeOffset)),
        ];
        var method = Method(trigger.Function, typeof(Task), [.. parameters.Select(each => each.Type)], nameof(Worker.CallWithMessage));
        for (var position = 0; position < parameters.Length; position++)
        {
            var parameter = method.DefineParameter(position + 1, ParameterAttributes.None, parameters[position].Name);
            if (position == 0)
                parameter.SetCustomAttribute(QueueAttribute(trigger));
        }
    }

    void AddClientMethod()
    {
        var method = Method(ClientMethodName, typeof(void), [typeof(string)], nameof(Worker.RememberClient), passesName: false);
        method.SetCustomAttribute(new(typeof(NoAutomaticTriggerAttribute).GetConstructor([])!, []));
        method.DefineParameter(1, ParameterAttributes.None, "client").SetCustomAttribute(DurableAttribute(typeof(DurableClientAttribute), null, null));
    }

    /// <summary>Defines a method that calls a static method of Worker with its name and its own arguments.</summary>
    MethodBuilder Method(string name, Type returns, Type[] parameters, string target, bool passesName = true)
    {
        var method = builder.DefineMethod(name, MethodAttributes.Public | MethodAttributes.Static, returns, parameters);
        method.SetCustomAttribute(new(typeof(FunctionNameAttribute).GetConstructor([typeof(string)])!, [name]));
        var code = method.GetILGenerator();
        if (passesName)
            code.Emit(OpCodes.Ldstr, name);
        for (var position = 0; position < parameters.Length; position++)
            code.Emit(OpCodes.Ldarg, (short)position);
        code.Emit(OpCodes.Call, typeof(Worker).GetMethod(target)!);
        code.Emit(OpCodes.Ret);
        return method;
    }

    static CustomAttributeBuilder QueueAttribute(FunctionTrigger trigger)
    {
        var attribute = typeof(QueueTriggerAttribute);
        var connection = trigger.Text("connection") is { Length: > 0 } named ? named : "AzureWebJobsStorage";
        return new(attribute.GetConstructor([typeof(string)])!, [trigger.Text("queueName")!],
            [attribute.GetProperty(nameof(QueueTriggerAttribute.Connection))!], [connection]);
    }

    /// <summary>Returns the attribute of a durable binding that speaks gRPC, as for every worker outside of .NET.</summary>
    static CustomAttributeBuilder DurableAttribute(Type attribute, string? key, string? name)
    {
        List<PropertyInfo> properties = [attribute.GetProperty("DurableRequiresGrpc")!];
        List<object> values = [true];
        if (key is not null && !string.IsNullOrEmpty(name))
        {
            properties.Add(attribute.GetProperty(key)!);
            values.Add(name);
        }
        return new(attribute.GetConstructor([])!, [], [.. properties], [.. values]);
    }
}

sealed class OneType(Type type) : ITypeLocator
{
    public IReadOnlyList<Type> GetTypes() => [type];
}
