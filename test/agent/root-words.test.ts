// What passes from the agent, and from an upgrade, into root's hands: the lists in shell and Perl hold against the code.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { hookEnvironment } from "../../agent/runners/github/job-hooks.ts";
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
  ...hookEnvironment({ directory: "/usr/lib/runpool", started: '/opt/a "b" $c \\d', completed: "/opt/end.sh" }, [
    "7",
    "70",
  ]),
};

describe("of what the agent hands over for a listener", () => {
  test("all that it tells passes, whatever signs a value has", () => {
    const lines = environmentFile(told).trimEnd().split("\n");
    expect(lines).toHaveLength(6);
    expect(passed(environmentFile(told))).toEqual(lines);
  });

  test("nothing else does: no other name, no line that goes on, no sign behind the value", () => {
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
