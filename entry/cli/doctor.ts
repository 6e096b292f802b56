// `runpool doctor`: looks at everything that an environment stands on, and says what is wrong and what to do.
import * as z from "zod/mini";
import type { ForgeAuth } from "../../cloud/github/forge-client.ts";
import { OutOfReach } from "../../cloud/ports/outcomes.ts";
import { Unconfigured, type LoadedSettings } from "../../cloud/ports/settings.ts";
import { deployAgain, verdicts, type Check, type Verdict } from "../../control/operate/doctor/check.ts";
import type { OperatedWorld } from "../control-world.ts";
import { storedCredential } from "../forge-credential.ts";
import { command } from "./command.ts";
import { counted } from "../words/durations.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import type { Ground } from "./ground.ts";
import { tokenOption } from "./run-options.ts";
import { plain, type Sink, type Style } from "../words/terminal.ts";
import { hanging } from "../words/wrap.ts";

const schema = z.object({
  deep: z._default(z.boolean(), false),
  "as-instance": z._default(z.boolean(), false),
  "metadata-endpoint": z.string(),
  "github-token": z.optional(z.string()),
});

export const doctorCommand = command({
  name: "doctor",
  summary: "check all that it stands on, and say what to do",
  details:
    "Changes nothing. A check is ok, a warning, failed, or skipped (with the reason: mostly a right that you lack). Exits 1 where one " +
    "has failed. With --as-instance, on a machine of the pool, it makes the calls that the instance's role must be allowed and those " +
    "that it must be denied, each such that it changes nothing, and says which are wrongly allowed or denied; and it runs the image's own spec.",
  options: [
    { name: "deep", help: "also ask GitHub for a registration token (it is dropped): proves the right to write" },
    { name: "as-instance", help: "check the rights of the instance that this runs on" },
    {
      name: "metadata-endpoint",
      value: "URL",
      variables: ["AWS_EC2_METADATA_SERVICE_ENDPOINT"],
      otherwise: "http://169.254.169.254",
      help: "where --as-instance finds the instance's metadata",
    },
    tokenOption,
  ],
  examples: ["runpool doctor -e prod", "runpool doctor --json | jq '.checks[] | select(.verdict == \"fail\")'"],
  schema,
  run: (input, ground) =>
    input["as-instance"]
      ? asInstance(input["metadata-endpoint"], ground)
      : aboutEnvironment(input.deep, input["github-token"], ground),
});

async function aboutEnvironment(deep: boolean, token: string | undefined, ground: Ground): Promise<ExitCode> {
  const place = ground.place();
  const world = await ground.world();
  const waiting = ground.progress.waiting(() => "looking");
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
  return show({ ...place, deep }, checks, ground);
}

/** The given token, or the credential that the environment keeps; else why there is none to ask GitHub with. */
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

async function asInstance(metadataUrl: string, ground: Ground): Promise<ExitCode> {
  const [{ onInstance, lookAtImage }, { examineRole }, { judgeImageSpec }] = await Promise.all([
    import("../doctor-world.ts"),
    import("../../control/operate/doctor/instance-role.ts"),
    import("../../control/operate/doctor/image-spec.ts"),
  ]);
  const { ground: about, role } = await onInstance(metadataUrl, () => ground.place().environment).catch(
    (error: unknown) => {
      if (error instanceof OutOfReach)
        throw new Unconfigured(`--as-instance runs on a machine of the pool; ${plain(error.message)}`, {
          cause: error,
        });
      throw error;
    },
  );
  const { environment, instanceId, place } = about;
  const [checks, image] = await Promise.all([examineRole(role, about, deployAgain(environment)), lookAtImage()]);
  return show({ environment, region: place.region, instanceId }, [...checks, ...judgeImageSpec(image)], ground);
}

const styles: Readonly<Record<Verdict, Style>> = { ok: "green", warn: "yellow", fail: "red", skipped: "dim" };

/** What was found stands beside its check's name where it has so many columns. */
const besideMin = 30;

function checkLines(checks: readonly Check[], out: Sink): readonly string[] {
  const [verdictWidth, nameWidth] = [7, Math.max(...checks.map(({ name }) => name.length))];
  const remedyAt = verdictWidth + 2;
  // Beside its name where there is room, else below it; words are not cut.
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

function show(about: object, checks: readonly Check[], ground: Ground): ExitCode {
  const counts = Object.fromEntries(
    verdicts.map((verdict) => [verdict, checks.filter((check) => check.verdict === verdict).length]),
  ) as Record<Verdict, number>;
  ground.result({ ...about, ...counts, checks }, () => [
    // What asks for something stands last, where the eye is.
    ...checkLines(byUrgency(checks), ground.terminal.out),
    "",
    `${counted(checks.length, "check")}: ${verdicts.map((verdict) => `${counts[verdict]} ${verdict}`).join(", ")}`,
  ]);
  return counts.fail > 0 ? exitCodes.failed : exitCodes.done;
}
