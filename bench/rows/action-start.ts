// The action's start: from process start to its first call to AWS, beside a Node that does nothing; and the size of its bundle.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { bundle, executables } from "../../build/bundles.ts";
import { credentials, place, repository } from "../bench-cloud.ts";
import { inTurn, rowOf, run, type Sample, type Result } from "../measure.ts";

const rounds = 9;
/** To the first call, in times of `node -e 0`. */
const target = 3;

/** A door that only hears the first knock. */
async function openDoor() {
  let knocked: (at: number) => void = () => undefined;
  const server = createServer((request) => {
    knocked(performance.now());
    request.socket.destroy();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    knock: () => new Promise<number>((resolve) => (knocked = resolve)),
    close: () => server.close().closeAllConnections(),
  };
}

async function firstCall(main: string, directory: string, door: Awaited<ReturnType<typeof openDoor>>): Promise<Sample> {
  const files = mkdtempSync(join(directory, "files-"));
  for (const name of ["output", "state", "summary"]) writeFileSync(join(files, name), "");
  const knock = door.knock();
  const begun = performance.now();
  const child = spawn(process.execPath, [main], {
    stdio: "ignore",
    env: {
      PATH: process.env["PATH"],
      AWS_ENDPOINT_URL: door.url,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_REGION: place.region,
      GITHUB_RUN_ID: "1",
      GITHUB_RUN_ATTEMPT: "1",
      GITHUB_REPOSITORY: repository,
      GITHUB_JOB: "provision",
      GITHUB_OUTPUT: join(files, "output"),
      GITHUB_STATE: join(files, "state"),
      GITHUB_STEP_SUMMARY: join(files, "summary"),
      INPUT_MODE: "provision",
      INPUT_ENVIRONMENT: "bench",
    },
  });
  const ended = once(child, "exit").then(() => Promise.reject(new Error("the action ended without a call")));
  try {
    return { ms: (await Promise.race([knock, ended])) - begun };
  } finally {
    ended.catch(() => undefined);
    child.kill("SIGKILL");
  }
}

const kilobytes = (folder: string): number =>
  Math.round(readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0) / 1000);

export async function actionStartRow(directory: string): Promise<Result> {
  const action = executables().find(({ name }) => name === "action");
  if (action === undefined) throw new Error("this checkout has no action");
  const { entry } = await bundle(action, directory);
  const door = await openDoor();
  try {
    const { samples, references } = await inTurn(
      rounds,
      () => firstCall(entry, directory, door),
      async () => ({ ms: (await run(["-e", "0"], {})).ms }),
    );
    const size = `${kilobytes(join(directory, "action"))} KB in all`;
    const result = rowOf("action-start", samples, references, {}, `to its first call to AWS; bundle ${size}`);
    return { ...result, target: `${target} × node -e 0`, met: (result.row.ratio ?? Infinity) <= target };
  } finally {
    door.close();
  }
}
