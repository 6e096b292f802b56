// Starts the agent once on a made-up machine, so that Node.js keeps the bundle as V8 compiled it: at every later start that is not done
// again. Run as the agent's user, for whom the cache then is: node --input-type=module - BUNDLE CACHE < rehearse.mjs
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [bundle, cache] = process.argv.slice(2);
/** Far longer than a start takes; an image is not made for hours because of this. */
const limitMs = 20_000;

const expiration = new Date(Date.now() + 3_600_000).toISOString();
const credentials = { Code: "Success", AccessKeyId: "AKIDREHEARSAL", SecretAccessKey: "none", Token: "none" };
/** What instance metadata and DynamoDB say to a machine without a record. */
const answers = {
  "/latest/api/token": "token",
  "/latest/dynamic/instance-identity/document": JSON.stringify({
    instanceId: "i-00000000000000000",
    region: "us-east-1",
    accountId: "000000000000",
    availabilityZone: "us-east-1a",
    instanceType: "m5.large",
  }),
  "/latest/meta-data/iam/security-credentials/": "rehearsal",
  "/latest/meta-data/iam/security-credentials/rehearsal": JSON.stringify({ ...credentials, Expiration: expiration }),
  "/": "{}",
};
const server = createServer((request, response) => {
  const answer = answers[request.url ?? ""];
  request.resume().on("end", () => response.writeHead(answer === undefined ? 404 : 200).end(answer));
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const url = `http://127.0.0.1:${server.address().port}`;
const folder = await mkdtemp(join(tmpdir(), "rehearsal-"));
// The cache is written at an end in order, which an agent never has.
const inOrder = `data:text/javascript,process.on("SIGTERM",()=>process.exit(0))`;
const agent = spawn(process.execPath, ["--import", inOrder, bundle], {
  cwd: folder,
  stdio: ["ignore", "pipe", "inherit"],
  env: {
    PATH: process.env.PATH,
    HOME: folder,
    NODE_COMPILE_CACHE: cache,
    AWS_ENDPOINT_URL: url,
    AWS_EC2_METADATA_SERVICE_ENDPOINT: url,
    RUNPOOL_ENVIRONMENT: "rehearsal",
    RUNPOOL_RUNNER: folder,
    RUNPOOL_STATE: join(folder, "state"),
    RUNPOOL_WORK: join(folder, "work"),
    RUNPOOL_HOOKS: folder,
  },
});
const tooLong = setTimeout(() => agent.kill("SIGKILL"), limitMs);
// Its first report: all that a start needs has been compiled.
agent.stdout.on("data", (part) => part.includes("agent.status") && agent.kill("SIGTERM"));
const code = await new Promise((done) => agent.once("exit", (code) => done(code ?? 1)));
clearTimeout(tooLong);
server.close();
await rm(folder, { recursive: true, force: true });
process.exit(code);
