// One step of the action, from its inputs to whether it succeeds; whatever goes wrong is an annotation.
import { getInput, setSecret } from "@actions/core";
import type { ForgeAuth } from "../../cloud/github/forge-client.ts";
import type { Log } from "../../cloud/ports/log.ts";
import { controlWorld, type OperatedWorld } from "../control-world.ts";
import { failureOf } from "./failures.ts";
import { readInputs, type Inputs } from "./inputs.ts";
import { masked } from "./masked.ts";
import { provisionMode } from "./provision.ts";
import { actionLog, fail, noticeAll, type ActionLog } from "./action-log.ts";

type Variables = Readonly<Record<string, string | undefined>>;

const worldOf =
  ({ environment, region }: Inputs) =>
  (log: Log, forge?: ForgeAuth): OperatedWorld => {
    const world = controlWorld({ environment, region, log, ...(forge === undefined ? {} : { forge }) });
    return { ...world, secrets: masked(world.secrets) };
  };

async function mode(inputs: Inputs, log: ActionLog): Promise<boolean> {
  if (inputs.mode === "provision") return await provisionMode(inputs, log, worldOf(inputs));
  if (inputs.mode === "release") {
    const { releaseMode } = await import("./release.ts");
    return await releaseMode(inputs, log, worldOf(inputs));
  }
  const { refreshMode } = await import("./refresh.ts");
  return await refreshMode(inputs, log, worldOf(inputs));
}

/** Never rejects. */
async function step(work: () => Promise<boolean>): Promise<0 | 1> {
  try {
    return (await work()) ? 0 : 1;
  } catch (thrown) {
    const { title, problems } = failureOf(thrown);
    fail(title, problems);
    return 1;
  }
}

/** Gives the process's exit code. */
export const act = (variables: Variables): Promise<0 | 1> =>
  step(async () => {
    const token = getInput("github-token");
    if (token !== "") setSecret(token);
    const inputs = readInputs(getInput, variables);
    noticeAll(inputs.notices);
    return await mode(inputs, actionLog());
  });

/** The post step of the same inputs. */
export const actPost = (variables: Variables): Promise<0 | 1> =>
  step(async () => {
    const { giveBackUnfinished, unfinished } = await import("./give-back.ts");
    const saved = unfinished();
    if (saved === undefined) return true;
    const log = actionLog();
    await giveBackUnfinished(saved, log, worldOf(readInputs(getInput, variables))(log));
    return true;
  });
