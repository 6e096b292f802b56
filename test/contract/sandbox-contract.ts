// The contract of `Sandbox`, as cases that any program can play: a guest with a real systemd has no test runner.
import { strict as assert } from "node:assert";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startMark, type Sandbox, type SandboxSeen } from "../../cloud/ports/sandbox.ts";
import { hostClock } from "../../entry/host-clock.ts";

/** The variable that a listener may be told, wherever a host asks which ones pass. */
export const toldVariable = "TOY_GREETING";

/** A runner's distribution for this contract: a listener that does what the file `orders` beside it says, and a tool. */
export function layToyDistribution(folder: string): void {
  mkdirSync(join(folder, "bin"), { recursive: true });
  const programs = {
    "bin/toy-listener": 'cd "${0%/*}/.." && . ./orders',
    "tool.sh": 'cd "${0%/*}" && eval "$TOOL"',
  };
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/bash\n${text}\n`);
    chmodSync(join(folder, name), 0o755);
  }
}

export interface SandboxStand {
  readonly sandbox: Sandbox;
  /** The same host, as an agent finds it that is started anew. */
  readonly again: () => Sandbox;
}
export interface SandboxCase {
  readonly name: string;
  readonly play: (stand: SandboxStand, assignment: number) => Promise<void>;
}

const limitMs = 20_000;
async function until(look: () => Promise<SandboxSeen>, fits: (seen: SandboxSeen) => boolean): Promise<SandboxSeen> {
  const last = hostClock.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (fits(seen)) return seen;
    if (hostClock.now() > last) assert.fail(`it stays so: ${JSON.stringify(seen)}`);
    await hostClock.sleep(20);
  }
}
const begins = async (sandbox: Sandbox, assignment: number, orders: string): Promise<SandboxSeen> => {
  await sandbox.lay(assignment);
  await sandbox.put(assignment, "orders", orders);
  await sandbox.start(assignment, {});
  return await until(
    () => sandbox.look(assignment),
    ({ log }) => log.includes("up\n"),
  );
};
/** Counts in the jobs' file for as long as it moves, from a process that has left its session. */
const ticks =
  "(setsid bash -c 'while :; do echo tick >>$RUNPOOL_JOBS_FILE; sleep 0.02; done') & echo up; wait; sleep 600";
const counted = (seen: SandboxSeen): number => seen.jobs.split("\n").length;
const moves = async (look: () => Promise<SandboxSeen>): Promise<boolean> => {
  const before = counted(await look());
  await hostClock.sleep(300);
  return counted(await look()) > before;
};

export const sandboxCases: readonly SandboxCase[] = [
  {
    name: "where nothing was started nothing runs, and ending that is harmless",
    play: async ({ sandbox }, n) => {
      await sandbox.lay(n);
      const seen = await sandbox.look(n);
      assert.deepEqual([seen.listener, seen.frozen, seen.processes, seen.log, seen.jobs], ["none", false, [], "", ""]);
      await sandbox.thaw(n);
      assert.deepEqual((await sandbox.freeze(n)).processes, []);
      assert.equal(await sandbox.killFrozen(n), "killed");
      await sandbox.kill(n);
      await sandbox.destroy(n);
      await sandbox.destroy(n);
    },
  },
  {
    name: "a listener finds the files that were put, the variables that it is told, and folders of its own",
    play: async ({ sandbox }, n) => {
      await sandbox.lay(n);
      await sandbox.put(
        n,
        "orders",
        `echo "told $${toldVariable} $(cat words)"; touch $HOME/h $TMPDIR/t && echo up; sleep 600`,
      );
      await sandbox.put(n, "words", "with words");
      await sandbox.start(n, { [toldVariable]: 'a "b" $c' });
      const { log } = await until(
        () => sandbox.look(n),
        (seen) => seen.log.includes("up\n"),
      );
      assert.ok(log.startsWith(`${startMark}\n`), log);
      assert.ok(log.includes('told a "b" $c with words\n'), log);
    },
  },
  {
    name: "a listener is started once, however often that is asked for, and outlives its agent",
    play: async ({ sandbox, again }, n) => {
      const seen = await begins(sandbox, n, "echo up; sleep 600");
      assert.equal(seen.listener, "running");
      await sandbox.start(n, {});
      const later = again();
      await later.start(n, {});
      const found = await later.look(n);
      assert.equal(found.listener, "running");
      assert.equal(found.log.split(startMark).length, 2);
      assert.ok(found.quietMs < limitMs, String(found.quietMs));
    },
  },
  {
    name: "processes are told by their names and parents",
    play: async ({ sandbox }, n) => {
      await begins(sandbox, n, "bash -c 'exec -a /opt/bin/toy-worker sleep 600' & sleep 0.3; echo up; wait");
      const { processes } = await until(
        () => sandbox.look(n),
        (seen) => seen.processes.some(({ names }) => names.includes("toy-worker")),
      );
      const listener = processes.find(({ names }) => names.includes("toy-listener"));
      const worker = processes.find(({ names }) => names.includes("toy-worker"));
      assert.ok(listener !== undefined, JSON.stringify(processes));
      assert.equal(worker?.parent, listener.pid);
    },
  },
  {
    name: "a listener's end is told with its exit code, and it can be started again",
    play: async ({ sandbox }, n) => {
      await begins(sandbox, n, "echo up; [ -e again ] && sleep 600; touch again; exit 7");
      const ended = await until(
        () => sandbox.look(n),
        ({ listener, exitCode }) => listener === "exited" && exitCode !== undefined,
      );
      assert.equal(ended.exitCode, 7);
      await sandbox.start(n, {});
      const seen = await until(
        () => sandbox.look(n),
        ({ log }) => log.split("up\n").length === 3,
      );
      assert.equal(seen.listener, "running");
    },
  },
  {
    name: "what is frozen stands still, all of it, until it is thawed",
    play: async ({ sandbox, again }, n) => {
      await begins(sandbox, n, ticks);
      const look = () => sandbox.look(n);
      await until(look, (seen) => counted(seen) > 2);
      const stood = await sandbox.freeze(n);
      assert.equal(stood.frozen, true);
      // The listener, the loop that has left its session, and what that may just be running.
      assert.ok(stood.processes.length >= 2, JSON.stringify(stood.processes));
      assert.equal(await moves(look), false);
      // An agent before this one had it frozen: the next one sees that.
      assert.equal((await again().look(n)).frozen, true);
      await again().thaw(n);
      assert.equal((await look()).frozen, false);
      assert.equal(await moves(look), true);
    },
  },
  {
    name: "what stands frozen is killed as it stands; what has been thawed is not",
    play: async ({ sandbox }, n) => {
      await begins(sandbox, n, ticks);
      const look = () => sandbox.look(n);
      await sandbox.freeze(n);
      await sandbox.thaw(n);
      assert.equal(await sandbox.killFrozen(n), "thawed");
      assert.equal(await moves(look), true);
      await sandbox.freeze(n);
      assert.equal(await sandbox.killFrozen(n), "killed");
      const seen = await until(look, ({ listener }) => listener === "exited");
      assert.deepEqual(seen.processes, []);
      assert.equal(await moves(look), false);
    },
  },
  {
    name: "killing ends all, frozen or not, and what has left its session too",
    play: async ({ sandbox }, n) => {
      for (const freeze of [false, true]) {
        await begins(sandbox, n, ticks);
        if (freeze) await sandbox.freeze(n);
        await sandbox.kill(n);
        const seen = await until(
          () => sandbox.look(n),
          ({ listener }) => listener === "exited",
        );
        assert.deepEqual([seen.processes, seen.frozen], [[], false]);
      }
    },
  },
  {
    name: "a place that is destroyed leaves nothing for the next one of its number",
    play: async ({ sandbox }, n) => {
      await begins(
        sandbox,
        n,
        "echo planted >$HOME/planted; echo planted >planted; echo x >>$RUNPOOL_JOBS_FILE; echo up; sleep 600",
      );
      await sandbox.destroy(n);
      await sandbox.settled();
      const gone = await sandbox.look(n);
      assert.deepEqual([gone.listener, gone.processes, gone.log, gone.jobs], ["none", [], "", ""]);
      const { log } = await begins(sandbox, n, "ls -A $HOME $TMPDIR .; cat $RUNPOOL_JOBS_FILE; echo up; sleep 600");
      assert.ok(!log.includes("planted"), log);
    },
  },
  {
    name: "a command gets its files and variables, gives its results, and its secrets stay out of every line",
    play: async ({ sandbox }) => {
      const said: string[] = [];
      const end = await sandbox.run("register", {
        program: "tool.sh",
        arguments: [],
        environment: { TOOL: 'cat given; echo "$SECRET"; echo made >result; echo >&2 last; exit 3', SECRET: "ASECRET" },
        secrets: ["ASECRET"],
        limitMs,
        said: (line) => void said.push(line),
        files: { given: "as given\n" },
        results: ["result", "missing"],
      });
      assert.deepEqual([end.code, end.timedOut, end.files], [3, false, { result: "made\n" }]);
      assert.deepEqual([...said].sort(), ["***", "as given", "last"]);
      assert.equal(end.lastLines.length, 3);
      const second = {
        program: "tool.sh",
        arguments: [],
        environment: { TOOL: "cat given result 2>/dev/null; true" },
        limitMs,
      };
      assert.deepEqual((await sandbox.run("register", second)).lastLines, []);
    },
  },
  {
    name: "a command that hangs is ended at its limit, with what it has started, and two desks work at once",
    play: async ({ sandbox }) => {
      const hangs = { program: "tool.sh", arguments: [], environment: { TOOL: "sleep 600 & wait" }, limitMs: 500 };
      const quick = { program: "tool.sh", arguments: [], environment: { TOOL: "echo quick" }, limitMs };
      const [slow, fast] = await Promise.all([sandbox.run("remove", hangs), sandbox.run("register", quick)]);
      assert.deepEqual([slow.timedOut, slow.code, fast.code, fast.lastLines], [true, 137, 0, ["quick"]]);
    },
  },
  {
    name: "waiting for a file of the program ends with it, or at once where it could not write any",
    play: async ({ sandbox }, n) => {
      await begins(sandbox, n, "echo up; touch made; sleep 600");
      const began = hostClock.now();
      await sandbox.awaitFile(n, "made", limitMs);
      assert.ok(hostClock.now() - began < limitMs / 2);
      assert.ok(sandbox.workFolder(n).includes(`/${n}/`), sandbox.workFolder(n));
    },
  },
];
