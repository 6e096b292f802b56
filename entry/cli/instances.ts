// `runpool instances`: the instances alone, chosen, for reading or for scripts.
import { states } from "../../domain/record.ts";
import { command, type Option, type ValuesOf } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { instanceTable } from "./instance-table.ts";
import { look } from "./look.ts";
import type { InstanceShown } from "./snapshot.ts";
import { plain } from "../words/terminal.ts";

const options = [
  { name: "state", value: "STATE", choices: states, help: "only instances in this state" },
  { name: "run-id", value: "ID", help: "only instances of this run" },
  { name: "resource-class", value: "CLASS", help: "only instances of this class" },
  { name: "all", help: "also instances that ended in the last seven days" },
  { name: "ids", help: "print only their ids, one per line" },
] as const satisfies readonly Option[];

const chosen =
  (input: ValuesOf<(typeof options)[number]>) =>
  ({ state, runId, resourceClass }: InstanceShown): boolean =>
    (input.all || input.state !== undefined || state !== "terminated") &&
    (input.state === undefined || state === input.state) &&
    (input["run-id"] === undefined || runId === input["run-id"]) &&
    (input["resource-class"] === undefined || resourceClass === input["resource-class"]);

export const instancesCommand = command({
  name: "instances",
  summary: "list instances, filtered by state, run or class",
  options,
  examples: [
    "runpool instances --run-id 1001",
    "runpool instances --state idle --ids | xargs -n 1 runpool retire",
    "runpool instances --all --json",
  ],
  run: async (input, context) => {
    const { instances, damaged, region, environment } = await look(await context.world(), context);
    const picked = instances.filter(chosen(input));
    const { out, err } = context.terminal;
    context.result({ environment, region, instances: picked, damaged }, () => {
      if (input.ids) return picked.map(({ instanceId }) => instanceId);
      return picked.length === 0 ? ["no matching instances"] : instanceTable(picked, region, out);
    });
    for (const { key, problem } of damaged)
      err.write(`${err.paint("yellow", "damaged item:")} ${plain(key)}: ${plain(problem)}\n`);
    return exitCodes.done;
  },
});
