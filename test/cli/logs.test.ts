// `runpool logs` by the real process: shipped lines, the console where none are shipped, following both, and neither.
import { afterAll, beforeAll, expect, test } from "vitest";
import { RunInstancesCommand } from "@aws-sdk/client-ec2";
import { instanceLogGroup } from "../../domain/names.ts";
import { stackNames } from "../../stacks/arns.ts";
import { openCliBench, type CliBench } from "./bench.ts";
import { environment } from "./cloud.ts";

const shipping = "i-0aaaaaaaaaaaaaaa1";
const silent = "i-0ccccccccccccccc1";
const group = instanceLogGroup(environment);
let bench: CliBench;
beforeAll(async () => {
  bench = await openCliBench();
  await bench.record({ instanceId: shipping });
  await bench.record({ instanceId: silent });
  for (let line = 1; line <= 250; line++) bench.logGroups.put(group, `${shipping}/10.0.0.7`, `line ${line}`);
  bench.logGroups.put(group, "i-0aaaaaaaaaaaaaaa1f/10.0.0.9", "another's");
});
afterAll(() => bench.close());

/** A machine that EC2 knows, with its record. */
async function machine(): Promise<{ id: string; write: (text: string) => void; end: () => void }> {
  const { Instances = [] } = await bench.clients.ec2.send(
    new RunInstancesCommand({ ImageId: bench.imageId, InstanceType: "c6i.large", MinCount: 1, MaxCount: 1 }),
  );
  const id = Instances[0]?.InstanceId ?? "";
  await bench.record({ instanceId: id });
  const found = bench.machines.machine(id);
  return {
    id,
    write: (text) => void (found !== undefined && (found.console += text)),
    end: () => void bench.record({ instanceId: id, state: "terminated" }),
  };
}

test("the group is the one that the stacks make", () => {
  expect(group).toBe(stackNames(environment).instanceLogs);
});

test("the newest lines of the instance's own streams, as many as asked for", async () => {
  const { code, out, err } = await bench.run(["logs", shipping, "-n", "3"]);
  expect([code, out, err]).toEqual([0, "line 248\nline 249\nline 250\n", ""]);
  const json = await bench.run(["logs", shipping, "--lines", "1", "--json"]);
  const at = new Date(bench.clock.now()).toISOString();
  expect(JSON.parse(json.out)).toEqual({ at, source: "shipped", text: "line 250" });
  expect((await bench.run(["logs", shipping])).out.split("\n")).toHaveLength(201);
});

test("a stream that another instance opened under this one's id is not its log", async () => {
  const taken = "i-0ddddddddddddddd1";
  await bench.record({ instanceId: taken });
  bench.logGroups.put(group, `${taken}/10.0.0.8`, "its own line");
  await bench.clock.advance(1_000);
  bench.logGroups.put(group, `${taken}/10.0.0.66`, "INJECTED by another machine");
  for (let n = 100; n < 160; n++) bench.logGroups.put(group, `${taken}/10.0.0.${n}`, "INJECTED in many streams");
  expect((await bench.run(["logs", taken])).out).toBe("its own line\n");
});

test("--follow goes on with what is shipped, and nothing is told twice", async () => {
  const { child, ended, says } = bench.start(["logs", shipping, "--follow", "-n", "1"]);
  await says(/Following/);
  bench.logGroups.put(group, `${shipping}/10.0.0.7`, "\u001b[1;31mand\u001b[0m then\u0007");
  await says(/ then/);
  child.kill("SIGINT");
  const { code, out } = await ended;
  expect([code, out]).toEqual([0, "line 250\nand then?\n"]);
});

test("where nothing is shipped it is the console, which --follow reads to the instance's end", async () => {
  const { id, write, end } = await machine();
  write('booting\r\n{"at":"2026-01-02T03:04:05.678Z","event":"agent.started","instance":"i-0","version":"1"}\r\n');
  const { code, out } = await bench.run(["logs", id]);
  expect([code, out]).toEqual([0, "booting\n03:04:05 agent.started version=1\n"]);
  const { ended, says } = bench.start(["logs", id, "--follow", "--lines", "1", "--console"]);
  await says(/Following/);
  write("listening\n");
  await says(/listening/);
  end();
  const followed = await ended;
  expect([followed.code, followed.out]).toEqual([0, "03:04:05 agent.started version=1\nlistening\n"]);
  expect(followed.err).toContain(`${id} has ended\n`);
});

test("where there is neither it says why and exits 1; an instance that is not there exits 2", async () => {
  const neither = await bench.run(["logs", silent]);
  expect([neither.code, neither.out]).toEqual([1, ""]);
  expect(neither.err).toContain("set shipLogs in the environment's file), and EC2 has no console output of it");
  const strange = await bench.run(["logs", "i-0123456789abcdef0"]);
  expect([strange.code, strange.err]).toEqual([
    2,
    expect.stringContaining('in environment "dev": see runpool instances'),
  ]);
  const bad = await bench.run(["logs", shipping, "-n", "0"]);
  expect([bad.code, bad.err]).toEqual([2, expect.stringContaining('-n is "0"; it is a whole number from 1 to 10000')]);
});
