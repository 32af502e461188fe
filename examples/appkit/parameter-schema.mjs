// Exports a Zod schema for `params` of POLYSYNC_APPKIT, so that Polysync accepts the same values.
// It throws for a rule that JSON Schema cannot hold, because such a rule would be lost silently.
//
//   import { z } from "zod";
//   import { parameterSchema } from "./parameter-schema.mjs";
//   console.log(JSON.stringify(parameterSchema(z, etlParameters)));

const TYPES = new Set([
  "any", "array", "boolean", "default", "enum", "intersection", "lazy", "literal", "never",
  "nonoptional", "null", "nullable", "number", "object", "optional", "prefault", "readonly",
  "record", "string", "template_literal", "tuple", "union", "unknown",
]);
const CHECKS = new Set([
  "greater_than", "length_equals", "less_than", "max_length", "min_length", "multiple_of",
  "number_format", "string_format",
]);
// The formats that have more rules than their pattern.
const FORMATS = { url: "uri", base64url: "base64url", cidrv6: "cidrv6" };

export function parameterSchema(z, schema) {
  return z.toJSONSchema(schema, {
    // Only this form tells z.object, which drops unknown fields, from z.strictObject.
    io: "input",
    override({ zodSchema, jsonSchema, path }) {
      const lost = lostRule(zodSchema);
      if (lost) {
        throw new Error(`${path.join(".") || "the schema"}: JSON Schema cannot hold ${lost}`);
      }
      complete(zodSchema, jsonSchema);
    },
  });
}

function lostRule(schema) {
  const { type, coerce, items } = schema._zod.def;
  if (!TYPES.has(type)) return `the type ${type}`;
  if (coerce) return "z.coerce";
  if (type === "tuple" && items.some((each) => each._zod.optin)) return "an optional element";
  if (ofNamedKeys(schema) && absent(schema._zod.def.valueType).data !== undefined) {
    return "a default of the values of a record";
  }
  return checksOf(schema).map(lostCheck).find(Boolean);
}

const absent = (schema) => schema.safeParse(undefined);
const ofNamedKeys = ({ _zod: { def } }) => def.type === "record" && def.keyType._zod.values;

function checksOf(schema) {
  const { def } = schema._zod;
  const checks = (def.checks ?? []).map((each) => each._zod.def);
  // z.email(), z.url() and the like are their own check.
  return def.check ? [def, ...checks] : checks;
}

function lostCheck({ check, format, pattern, position, hostname, protocol, normalize, fn, alg }) {
  if (!CHECKS.has(check)) return check === "custom" ? "refine" : `the check ${check}`;
  if (check !== "string_format") return undefined;
  if (position !== undefined) return "the position of includes";
  if (hostname || protocol || normalize || alg) return `the options of ${format}`;
  if ((fn && !pattern) || format === "jwt") return `the format ${format}`;
  return lostFlag(pattern);
}

function lostFlag(pattern) {
  const flags = (pattern?.flags ?? "").replace(/[dg]/g, "");
  const unicode = /\\[pPu]\{/.test(pattern?.source ?? "");
  return flags === (unicode ? "u" : "") ? undefined : `the flags of ${pattern}`;
}

// Restores what the export of Zod leaves out.
function complete(schema, exported) {
  for (const { check, format, value, inclusive } of checksOf(schema)) {
    if (FORMATS[format]) exported.format = FORMATS[format];
    // z.number().min(5).int() is exported without its minimum.
    if (check === "greater_than") {
      const name = inclusive ? "minimum" : "exclusiveMinimum";
      exported[name] = Math.max(exported[name] ?? value, value);
    } else if (check === "less_than") {
      const name = inclusive ? "maximum" : "exclusiveMaximum";
      exported[name] = Math.min(exported[name] ?? value, value);
    }
  }
  if (ofNamedKeys(schema) && absent(schema._zod.def.valueType).success) delete exported.required;
  if (schema._zod.def.type === "object") completeFields(schema._zod.def.shape, exported);
}

const alternatives = ({ anyOf = [], oneOf = [] }) =>
  [...anyOf, ...oneOf].flatMap((each) => [each, ...alternatives(each)]);

// Says which fields may be absent and what replaces them, also within unions and z.unknown().
function completeFields(shape, exported) {
  for (const [name, field] of Object.entries(shape)) {
    const { success, data } = absent(field);
    if (success && data !== undefined) exported.properties[name].default = data;
    // An alternative that may be absent wins over the default of a later one.
    else if (success) for (const each of alternatives(exported.properties[name])) delete each.default;
    if (success) exported.required = exported.required?.filter((each) => each !== name);
  }
  if (exported.required?.length === 0) delete exported.required;
}
