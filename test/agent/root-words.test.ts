// What passes from the agent, and from an upgrade, into root's hands: the lists in shell and Perl hold against the code.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { hookEnvironment } from "../../agent/runners/github/job-hooks.ts";
import { startMark } from "../../cloud/ports/sandbox.ts";
import { rootFolders, rootVerbs } from "../../agent/hosts/systemd/root-requests.ts";
import { environmentFile } from "../../agent/hosts/systemd/unit-sandbox.ts";
import { needs } from "../tools.ts";
import { unitFile } from "./unit-files.ts";

const read = (name: string) => readFileSync(unitFile(name), "utf8");

/** What runner-start.sh lets through of a file, by its own line and the forge's names. */
function passed(file: string): readonly string[] {
  const script = read("runner-start.sh");
  const names = /^names=.*$/m.exec(read("forge.sh"))?.[0] ?? "";
  const filter = /^LC_ALL=C grep .*(?= <<<)/m.exec(script)?.[0] ?? "false";
  const { stdout } = spawnSync("bash", ["-c", `${names}\n${filter}`], { input: file, encoding: "utf8" });
  return stdout.split("\n").filter(Boolean);
}

const told = {
  ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE: "1",
  ...hookEnvironment('/opt/a "b" $c \\d', ["7", "70"]),
};

describe("of what the agent hands over for a listener", () => {
  test("all that it tells passes, whatever signs a value has", () => {
    const lines = environmentFile(told).trimEnd().split("\n");
    expect(lines).toHaveLength(4);
    expect(passed(environmentFile(told))).toEqual(lines);
  });

  test("nothing else does: no other name, no line without an end, no sign behind the value", () => {
    const lines = [
      'BASH_ENV="/x"',
      'LD_PRELOAD="/x"',
      'PATH="/x"',
      'RUNPOOL_ONLY_RUNS_X="7"',
      'XRUNPOOL_ONLY_RUNS="7"',
      'RUNPOOL_ONLY_RUNS="7',
      'BASH_ENV=/x"',
      'RUNPOOL_ONLY_RUNS="7" BASH_ENV="/x"',
      String.raw`RUNPOOL_ONLY_RUNS="7\"`,
      "RUNPOOL_ONLY_RUNS=7",
      'export RUNPOOL_ONLY_RUNS="7"',
    ];
    expect(passed(`${lines.join("\n")}\n`)).toEqual([]);
  });
});

describe("root's scripts and the agent name the same", () => {
  const said = (name: string, pattern: RegExp): string | undefined => pattern.exec(read(name))?.[1];

  test("verbs, and no others", () => {
    expect(said("take-requests.sh", /\\\.\(([a-z|-]+)\)\\\./)?.split("|")).toEqual(rootVerbs);
    const answered = [...read("request.sh").matchAll(/^([a-z][a-z |-]*)\)/gm)].flatMap(([, verbs = ""]) =>
      verbs.split(" | "),
    );
    expect(answered).toEqual(rootVerbs);
  });

  test("mark before a listener's words", () => {
    expect(said("runner-start.sh", /^echo "(.*)" >>"\$root\/listener\.log"$/m)).toBe(startMark);
  });

  test("folders", () => {
    const variable = (name: string) => said("runpool-agent.service", new RegExp(`\\b${name}=(\\S+)`));
    const [state, roots] = [variable("RUNPOOL_STATE"), variable("RUNPOOL_WORK")];
    expect(said("runner-lay.sh", /^from=(.*)\/handover\/\$n\/files$/m)).toBe(state);
    expect(said("runner-start.sh", /"(\S+)\/handover\/\$n\/environment"/)).toBe(state);
    expect(said("enforce-deadline.sh", /head -c 200 (\S+)\/deadline/)).toBe(state);
    for (const name of ["runner-lay.sh", "runner-start.sh", "runner-ended.sh"])
      expect(said(name, /^root=(.*)\/\$[n1]$/m), name).toBe(roots);
    expect(said("runpool-runner@.service", /^WorkingDirectory=(.*)\/%i\/runner$/m)).toBe(roots);
    for (const folder of [roots, ...Object.values(rootFolders)])
      expect(read("runpool.tmpfiles"), folder).toContain(`d ${folder} `);
  });
});

test("each command of root's in the runner's unit begins with an empty environment, without what the loader reads", () => {
  const unit = read("runpool-runner@.service").replaceAll("\\\n", " ");
  const roots = [...unit.matchAll(/^Exec\w+=[-@:]*[+!]+(.*)$/gm)].map(([, command = ""]) => command);
  expect(roots).toHaveLength(1);
  for (const command of roots) expect(command).toMatch(/^\/usr\/bin\/env -i /);
  const unset = [...unit.matchAll(/^UnsetEnvironment=(.*)$/gm)].flatMap(([, names = ""]) => names.split(" "));
  for (const name of ["LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", "GLIBC_TUNABLES", "GCONV_PATH"])
    expect(unset).toContain(name);
});

test("needrestart, told so, restarts nothing by itself, and never a unit of runpool's or docker", (context) => {
  const program = `our %nrconf = (override_rc => {}); do shift or die $@ || $!;
    for my $unit (qw(runpool-runner@1.service runpool-agent.service docker.service containerd.service cron.service)) {
      my ($rule) = grep { $unit =~ /$_/ } keys %{$nrconf{override_rc}};
      print "$unit ", defined $rule ? $nrconf{override_rc}{$rule} : "as it likes", "\\n";
    }
    print "restart $nrconf{restart}\\n";`;
  needs(context, "perl");
  const { stdout, stderr } = spawnSync("perl", ["-e", program, unitFile("runpool-needrestart.conf")], {
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  expect(stdout.trim().split("\n")).toEqual([
    "runpool-runner@1.service 0",
    "runpool-agent.service 0",
    "docker.service 0",
    "containerd.service 0",
    "cron.service as it likes",
    "restart l",
  ]);
});
