// A program that uses the client that is generated from the OpenAPI document.
// It compiles only if the types of the document have these names and shapes.
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

const client = createClient<paths>({ baseUrl: process.argv[2] });

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`no ${what}`);
  return value;
}

const health = await client.GET("/health");
const started = await client.POST("/tasks/{name}/run", {
  params: { path: { name: "landing-check" } },
  body: { priority: 7 },
});
const accepted = required(started.data, "accepted run");
const read = await client.GET("/task-runs/{run_id}", {
  params: { path: { run_id: accepted.runId } },
});
const run = required(read.data, "run");
const listed = await client.GET("/task-runs", { params: { query: { status: ["Queued"], limit: 5 } } });
const missing = await client.GET("/tasks/{name}", { params: { path: { name: "none" } } });
const problem = required(missing.error, "problem document");

console.log(
  JSON.stringify({
    health: required(health.data, "health").status,
    runId: run.runId,
    priority: run.priority,
    status: run.status,
    attempts: run.attempts.length,
    listed: required(listed.data, "list").items.map((each) => each.runId),
    problem: { status: problem.status, title: problem.title },
  }),
);
