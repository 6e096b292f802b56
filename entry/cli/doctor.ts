// `runpool doctor`: checks everything an environment depends on, and reports problems with remedies.
import type { ForgeAuth } from "../../cloud/github/forge-client.ts";
import { OutOfReach } from "../../cloud/ports/outcomes.ts";
import { Unconfigured, type LoadedSettings } from "../../cloud/ports/settings.ts";
import { deployAgain, verdicts, type Check, type Verdict } from "../../control/operate/doctor/check.ts";
import type { OperatedWorld } from "../control-world.ts";
import { storedCredential } from "../forge-credential.ts";
import { command } from "./command.ts";
import { counted } from "../words/durations.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import type { Context } from "./context.ts";
import { tokenOption } from "./run-options.ts";
import { plain, type Sink, type Style } from "../words/terminal.ts";
import { hanging } from "../words/wrap.ts";

export const doctorCommand = command({
  name: "doctor",
  summary: "check everything the environment depends on",
  details:
    "Changes nothing. Each check is ok, a warning, failed, or skipped (usually for a missing permission). Exits 1 if one " +
    "has failed. With --as-instance, run on a machine of the pool, it tests which calls the instance's role may and may not make, " +
    "without changing anything, and runs the image's own checks.",
  options: [
    { name: "deep", help: "also request a registration token from GitHub (and discard it), to prove write access" },
    { name: "as-instance", help: "check the permissions of the instance this runs on" },
    {
      name: "metadata-endpoint",
      value: "URL",
      variables: ["AWS_EC2_METADATA_SERVICE_ENDPOINT"],
      otherwise: "http://169.254.169.254",
      help: "instance metadata endpoint for --as-instance",
    },
    tokenOption,
  ],
  examples: ["runpool doctor -e prod", "runpool doctor --json | jq '.checks[] | select(.verdict == \"fail\")'"],
  run: (input, context) =>
    input["as-instance"]
      ? asInstance(input["metadata-endpoint"], context)
      : aboutEnvironment(input.deep, input["github-token"], context),
});

async function aboutEnvironment(deep: boolean, token: string | undefined, context: Context): Promise<ExitCode> {
  const place = context.place();
  const world = await context.world();
  const waiting = context.progress.waiting(() => "looking");
  // Loaded late: no other command asks so much of the SDK.
  const [{ doctorWorld }, { examine }] = await Promise.all([
    import("../doctor-world.ts"),
    import("../../control/operate/doctor/examine.ts"),
  ]);
  // One reading for all: what is wrong with it is the doctor's to say.
  const load = world.settings.load();
  const loaded = await load.catch(() => undefined);
  const forge = await credentialOf(world, loaded, token);
  const read: OperatedWorld = { ...world, settings: { ...world.settings, load: () => load } };
  const checks = await examine(doctorWorld({ region: place.region, world: read, forge }), { ...place, deep }).finally(
    () => waiting.done(),
  );
  return show({ ...place, deep }, checks, context);
}

/** The given token, or the environment's stored credential; otherwise why there is none. */
async function credentialOf(
  world: OperatedWorld,
  loaded: LoadedSettings | undefined,
  token: string | undefined,
): Promise<{ readonly auth: ForgeAuth; readonly apiUrl: string } | { readonly missing: string }> {
  if (loaded === undefined) return { missing: "it needs the configuration" };
  const { apiUrl } = loaded.configuration.forge;
  if (token !== undefined) return { auth: { kind: "token", token }, apiUrl };
  const stored = await storedCredential(world.secrets, loaded.configuration);
  if (stored.kind === "usable") return { auth: stored.auth, apiUrl };
  if (stored.kind === "none") return { missing: `no credential: set GITHUB_TOKEN, or store one in ${stored.name}` };
  return { missing: `the stored credential (${stored.name}) cannot be used: ${stored.why}` };
}

async function asInstance(metadataUrl: string, context: Context): Promise<ExitCode> {
  const [{ onInstance, lookAtImage }, { examineRole }, { judgeImageSpec }] = await Promise.all([
    import("../doctor-world.ts"),
    import("../../control/operate/doctor/instance-role.ts"),
    import("../../control/operate/doctor/image-spec.ts"),
  ]);
  const { about, role } = await onInstance(metadataUrl, () => context.place().environment).catch((error: unknown) => {
    if (error instanceof OutOfReach)
      throw new Unconfigured(`--as-instance runs on a machine of the pool; ${plain(error.message)}`, {
        cause: error,
      });
    throw error;
  });
  const { environment, instanceId, place } = about;
  const [checks, image] = await Promise.all([examineRole(role, about, deployAgain(environment)), lookAtImage()]);
  return show({ environment, region: place.region, instanceId }, [...checks, ...judgeImageSpec(image)], context);
}

const styles: Readonly<Record<Verdict, Style>> = { ok: "green", warn: "yellow", fail: "red", skipped: "dim" };

/** What was found stands beside its check's name where it has so many columns. */
const besideMin = 30;

function checkLines(checks: readonly Check[], out: Sink): readonly string[] {
  const [verdictWidth, nameWidth] = [7, Math.max(...checks.map(({ name }) => name.length))];
  const remedyAt = verdictWidth + 2;
  // Beside its name if there is room, otherwise below it.
  const beside = (out.columns() ?? Number.POSITIVE_INFINITY) - remedyAt - nameWidth - 2 >= besideMin;
  const foundAt = beside ? remedyAt + nameWidth + 2 : remedyAt;
  const found = (text: string): readonly string[] => hanging(plain(text.replaceAll("\n", " ")), foundAt, out.columns());
  return checks.flatMap(({ name, verdict, found: seen, remedy }) => {
    const head = `${out.paint(styles[verdict], verdict.padEnd(verdictWidth))}  `;
    const [first = "", ...rest] = found(seen);
    const lines = beside
      ? [`${head}${plain(name).padEnd(nameWidth)}  ${first}`, ...rest]
      : [head + plain(name), " ".repeat(foundAt) + first, ...rest];
    if (remedy === undefined) return lines;
    const [todo = "", ...more] = hanging(`do: ${plain(remedy)}`, remedyAt, out.columns());
    return [...lines, " ".repeat(remedyAt) + out.paint("bold", "do:") + todo.slice(3), ...more];
  });
}

const urgency: readonly Verdict[] = ["ok", "skipped", "warn", "fail"];
const byUrgency = (checks: readonly Check[]): readonly Check[] =>
  checks.toSorted((a, b) => urgency.indexOf(a.verdict) - urgency.indexOf(b.verdict));

function show(about: object, checks: readonly Check[], context: Context): ExitCode {
  const counts = Object.fromEntries(
    verdicts.map((verdict) => [verdict, checks.filter((check) => check.verdict === verdict).length]),
  ) as Record<Verdict, number>;
  context.result({ ...about, ...counts, checks }, () => [
    // What asks for something stands last, where the eye is.
    ...checkLines(byUrgency(checks), context.terminal.out),
    "",
    `${counted(checks.length, "check")}: ${verdicts.map((verdict) => `${counts[verdict]} ${verdict}`).join(", ")}`,
  ]);
  return counts.fail > 0 ? exitCodes.failed : exitCodes.done;
}
