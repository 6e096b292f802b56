// The agent's bundle: small, without what an instance never uses, and what is left behaves as the whole SDK does.
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { agent, bundle } from "../../build/bundles.ts";

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "agent-bundle-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Replies as AWS's JSON protocols do, with the error that the call's table or parameter names. */
let aws: Server;
let url = "";
beforeAll(async () => {
  aws = createServer((request, response) => {
    let text = "";
    request.on("data", (part: Buffer) => (text += part.toString()));
    request.on("end", () => {
      const { TableName, Name } = JSON.parse(text) as { TableName?: string; Name?: string };
      const __type = `com.amazonaws#${TableName ?? Name}`;
      const reply = { __type, message: "so it is", Item: { state: { S: "idle" } } };
      response.writeHead(400, { "content-type": "application/x-amz-json-1.0" }).end(JSON.stringify(reply));
    });
  });
  await new Promise<void>((done) => aws.listen(0, "127.0.0.1", done));
  const address = aws.address();
  url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
});
afterAll(() => void aws.close());

test("the agent's bundle is at most 450 KB", async () => {
  expect((await bundle(agent, folder)).entryBytes).toBeLessThanOrEqual(450_000);
});

test("errors keep their names and words, and a refused condition its item, also those whose classes are left out", async () => {
  const source = join(import.meta.dirname, "sdk-errors.ts");
  const { entry } = await bundle({ ...agent, name: "sdk-errors" }, folder, source);
  const environment = { AWS_ENDPOINT_URL: url, AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", HOME: folder };
  const { stdout } = await run(process.execPath, [entry], { env: environment });
  const error = (name: string) => expect.objectContaining({ name, message: "so it is", status: 400 });
  expect(JSON.parse(stdout)).toEqual([
    expect.objectContaining({ name: "ConditionalCheckFailedException", Item: { state: { S: "idle" } } }),
    error("ResourceNotFoundException"),
    error("ParameterNotFound"),
    error("InvalidKeyId"),
  ]);
});

test("a rehearsal leaves the bundle as V8 compiled it, which a later start takes", async () => {
  const { entry } = await bundle(agent, folder);
  const cache = join(folder, "cache");
  await run(process.execPath, [join(root, "agent/hosts/systemd/units/rehearse.mjs"), entry, cache]);
  const [version = ""] = readdirSync(cache);
  expect(readdirSync(join(cache, version)).length).toBeGreaterThan(0);
  // It ends at once, for want of settings; Node.js says by then what it took.
  const later = await run(process.execPath, [entry], {
    env: { NODE_COMPILE_CACHE: cache, NODE_DEBUG_NATIVE: "COMPILE_CACHE" },
  }).catch((error: { stderr: string; stdout: string }) => error);
  expect(later.stdout + later.stderr).toMatch(/cache for ESM .*agent\.mjs.* was accepted/i);
});
