// The benchmark's cloud, in a process of its own: AWS behind two doors, GitHub, and the stub that plays the agents.
import { fork, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { chance } from "../sim/chance.ts";
import { embeddedCloud } from "../sim/embedded-cloud.ts";
import { openFrontDoor } from "../sim/http/front-door.ts";
import { hostClock } from "../entry/host-clock.ts";
import type { Change } from "../sim/dynamodb/table.ts";
import { forgeToken, place, type Ask, type Reply } from "./bench-cloud.ts";
import type { Claimed, AgentWrite } from "./stub-agents.ts";

/** What is added to every call at the front door, ms. */
const latencyMs = 8;

const luck = chance("bench");
const { region, account } = place;
const common = { clock: hostClock, chance: luck };
const permissions = { administration: "write", actions: "read" } as const;
const cloud = await embeddedCloud({
  ...common,
  region,
  account,
  github: { pats: [{ token: forgeToken, permissions }] },
});
const { db: table, machines, services, door: back, github } = cloud;
/** This door is what is measured; through the back one the benchmark furnishes, at once and uncounted. */
const front = await openFrontDoor({ ...common, services });
front.faults.set("*", "*", { latencyMs });

/** Epoch ms of the last signal of each kind, by table. */
const lastSignals = new Map<string, Record<string, number>>();

/** The kind of an item's signal; of this assignment, where one is given. */
function signalOf(item: Change["after"], assignment?: string): string | undefined {
  const signal = item?.["signal"];
  if (signal === undefined || !("M" in signal)) return undefined;
  const { kind, assignment: of } = signal.M;
  if (assignment !== undefined && !(of !== undefined && "N" in of && of.N === assignment)) return undefined;
  return kind !== undefined && "S" in kind ? kind.S : undefined;
}

function noteSignal({ table, before, after }: Change): void {
  const kind = signalOf(after);
  if (kind === undefined || kind === signalOf(before)) return;
  lastSignals.set(table, { ...lastSignals.get(table), [kind]: performance.timeOrigin + performance.now() });
}

const stub: ChildProcess = fork(join(import.meta.dirname, "stub-agents.ts"), { stdio: "inherit" });
stub.on("message", (write: AgentWrite) => {
  const { table: name, key, set } = write;
  const input = {
    TableName: name,
    Key: { key: { S: key } },
    UpdateExpression: `SET ${Object.keys(set)
      .map((attribute) => `#${attribute} = :${attribute}`)
      .join(", ")}`,
    ExpressionAttributeNames: Object.fromEntries(Object.keys(set).map((attribute) => [`#${attribute}`, attribute])),
    ExpressionAttributeValues: Object.fromEntries(
      Object.entries(set).map(([attribute, value]) => [`:${attribute}`, value]),
    ),
  };
  void table.service({ service: "dynamodb", action: "UpdateItem", input, caller: { accessKeyId: "stub", region } });
});
let answering = true;
table.onChange((change) => {
  noteSignal(change);
  const { after } = change;
  const [state, assignment, wanted] = [after?.["state"], after?.["assignment"], after?.["wanted"]];
  if (!answering || after === undefined || state === undefined || !("S" in state)) return;
  const owned = state.S === "claimed" || state.S === "created" || state.S === "running";
  if (!owned || after["owner"] === undefined || assignment === undefined || !("N" in assignment)) return;
  const key = change.key["key"];
  if (key === undefined || !("S" in key) || wanted === undefined || !("S" in wanted)) return;
  const claimed: Claimed = {
    table: change.table,
    key: key.S,
    assignment: Number(assignment.N),
    wanted: wanted.S,
    signal: signalOf(after, assignment.N),
  };
  stub.send(claimed);
});

function answer(ask: Ask): unknown {
  switch (ask.what) {
    case "calls":
      return front.calls();
    case "reset":
      return front.resetCalls();
    case "signals":
      return lastSignals.get(ask.table) ?? {};
    case "agents":
      answering = ask.answering;
      stub.send({ delayMs: ask.delayMs });
      return undefined;
    case "items":
      return table.items(ask.table);
  }
}

process.on("message", ({ id, ask }: { id: number; ask: Ask }) => {
  const reply: Reply = { id, answer: answer(ask) };
  process.send?.(reply);
});
process.on("disconnect", () => {
  stub.kill();
  process.exit(0);
});
const subnets = ["a", "b", "c"].map((letter) => {
  const zone = `${region}${letter}`;
  return { id: machines.addSubnet({ zone }), zone };
});
const image = machines.addImage({ name: "runpool-bench", architecture: "x86_64" });
process.send?.({ id: 0, answer: { front: front.url, back: back.url, github: github.url, subnets, image } });
