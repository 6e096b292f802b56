// On a real systemd: a job that attacks its machine, and an agent's user that attacks root, get nothing, and the machine serves on.
import { beforeEach, describe, expect, test } from "vitest";
import { playOnce } from "./play-in-guest.ts";

interface Found {
  readonly perl: boolean;
  readonly keyctl: boolean;
  readonly attacked: readonly string[];
  readonly worked: readonly string[];
  readonly conclusion: string;
  readonly keptBefore: number;
  readonly keptAfter: number;
  readonly cores: string;
  readonly restarts: number;
  readonly log: {
    readonly injected: readonly string[];
    readonly prepared: boolean;
    readonly agent: boolean;
    readonly systemd: boolean;
  };
  readonly injectedAtAll: boolean;
  readonly handedOver: {
    readonly started: string;
    readonly environment: readonly string[];
    readonly ended: string;
    readonly owned: string;
  };
}

let found: Found;
playOnce("hostile job", (one) => (found = one as Found));

describe("a job", () => {
  beforeEach((context) => {
    if (!found.perl) context.skip("no perl on this machine, and nothing else makes the system calls");
  });

  test("has no keyrings, no io_uring, no bpf, no userfaultfd, and takes no descriptor or memory of its listener's", () => {
    expect(found.attacked).toEqual(
      expect.arrayContaining([
        "add_key=ENOSYS",
        "keyctl=ENOSYS",
        "io_uring_setup=ENOSYS",
        "bpf=EPERM",
        "userfaultfd=EPERM",
        "process_vm_writev=EPERM",
        "pidfd_getfd=EPERM",
        "log=refused",
      ]),
    );
  });

  test("writes nothing into the journal, as the root of a namespace of its own neither", () => {
    const sockets = ["/run/systemd/journal/socket", "/run/systemd/journal/dev-log", "/dev/log"];
    for (const before of ["", "root of a namespace: "])
      expect(found.attacked).toEqual(expect.arrayContaining(sockets.map((path) => `${before}${path}=refused`)));
    expect(found.attacked).toContain("systemd-cat=refused");
  });

  test("gets no loader's variable, no core of an earlier run, and meets no abstract socket", () => {
    expect(found.attacked).toEqual(expect.arrayContaining(["variables=0", "crashes=0", "abstract=0"]));
  });

  test("that takes the reading of its hooks' file away, or makes its listener's log 3 GiB long, ends no agent and holds up no release", () => {
    expect(found.attacked).toContain("jobs=unreadable");
    expect(found.conclusion).toBe("success");
    expect(found.restarts).toBe(0);
  });
});

test("git, a compiler, Node.js and user, mount and process namespaces work under the filter", () => {
  expect(found.worked).toEqual(
    expect.arrayContaining([
      "git=works",
      "namespaces=work",
      "pid-namespaces=work",
      "compiler=works",
      "node=works",
      "tools=work",
    ]),
  );
});

test("after release the kernel's keyrings of the job's user are empty, the persistent one included", (context) => {
  if (!found.keyctl) context.skip("no keyctl on this machine");
  expect(found.keptBefore).toBe(3);
  expect(found.keptAfter).toBe(0);
});

test("after release no core that the system kept of the job's user is left, and another user's is", () => {
  expect(found.cores).toBe("/var/crash/_usr_bin_b.1000.crash");
});

test("the shipped log has the agent's, systemd's and the pre-runner's lines, and none that the job's user wrote under their names", () => {
  expect(found.log).toEqual({ injected: [], prepared: true, agent: true, systemd: true });
  // The journal itself takes them: it is by the sender that they are told apart.
  expect(found.injectedAtAll).toBe(found.perl);
});

test("an agent's user becomes root by no variable that it hands over, nor by one of the image's file", () => {
  const { started, environment, ended, owned } = found.handedOver;
  expect(started).toBe("0");
  expect(environment).toEqual([String.raw`ACTIONS_RUNNER_HOOK_JOB_STARTED="/opt/a \"hook\".sh"`]);
  expect(ended).toMatch(/^exited \d+ exit-code$/);
  expect(owned).toBe("");
});
