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
  return checksOf(schema).map(lostCheck).find(Boolean);
}

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
  const shape = schema._zod.def.type === "object" ? schema._zod.def.shape : {};
  const optional = (name) => ["any", "unknown"].includes(shape[name]?._zod.def.type);
  if (exported.required?.some(optional)) {
    exported.required = exported.required.filter((name) => !optional(name));
  }
}
