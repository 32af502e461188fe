// Answers which values Zod accepts, with the results, and how the schemas are exported.
// The standard input is [{"schema": "z.object(…)", "values": […]}]; one process answers all.
import { readFileSync } from "node:fs";
import { z } from "zod";
import { parameterSchema } from "../../../../examples/appkit/parameter-schema.mjs";

const EXPORTS = {
  output: (schema) => z.toJSONSchema(schema),
  input: (schema) => z.toJSONSchema(schema, { io: "input" }),
  exporter: (schema) => parameterSchema(z, schema),
};

function exported(schema) {
  return Object.fromEntries(
    Object.entries(EXPORTS).map(([name, run]) => {
      try {
        return [name, { schema: run(schema) }];
      } catch (error) {
        return [name, { refused: error.message }];
      }
    }),
  );
}

function verdict(schema, value) {
  try {
    const { success, data } = schema.safeParse(value);
    return success ? { accepted: true, result: data } : { accepted: false };
  } catch {
    // Zod throws for an intersection whose sides return different values.
    return { accepted: false };
  }
}

const cases = JSON.parse(readFileSync(0, "utf8"));
const answers = cases.map(({ schema: expression, values }) => {
  const schema = new Function("z", `return ${expression}`)(z);
  return { exports: exported(schema), verdicts: values.map((value) => verdict(schema, value)) };
});
console.log(JSON.stringify(answers));
