// Runs the published AppKit with its jobs plugin on a free port of the loopback interface.
// ORIGINAL_CONFIG: {"pollIntervalMs", "timeout", "jobs": {name: {"taskType", "schema", "waitTimeout"}}}.
// The process prints "ready <address>" when it serves, and ends with its standard input.
import { createApp, jobs, server } from "@databricks/appkit";
import { z } from "zod";

const SCHEMAS = {
  window: z.object({ day: z.string(), dryRun: z.boolean().optional() }),
  defaults: z.object({ day: z.string().default("today") }),
  strict: z.strictObject({ day: z.string() }),
  count: z.object({ count: z.number().int() }),
  many: z.record(z.string(), z.string()),
  fields: z.looseObject({ notebook_params: z.record(z.string(), z.string()).optional() }),
};

const { jobs: wanted, ...config } = JSON.parse(process.env.ORIGINAL_CONFIG);
const configured = Object.fromEntries(
  Object.entries(wanted).map(([key, { schema, ...job }]) => [
    key,
    schema ? { ...job, params: SCHEMAS[schema] } : job,
  ]),
);

const app = await createApp({
  plugins: [server({ host: "127.0.0.1", port: 0 }), jobs({ ...config, jobs: configured })],
  disableInternalTelemetry: true,
});
const listening = app.server.getServer();
if (!listening.listening) await new Promise((resolve) => listening.once("listening", resolve));
console.log(`ready http://127.0.0.1:${listening.address().port}`);

process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
