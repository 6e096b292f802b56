// On a real systemd with a real docker: what jobs do with containers works as on GitHub's own runners, and ends with their run.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { playOnce } from "./play-in-guest.ts";

interface Found {
  readonly container: readonly string[];
  readonly second: { readonly conclusion: string; readonly log: readonly string[] };
  readonly victim: string;
  readonly config: readonly string[];
  readonly left: readonly string[];
  readonly again: readonly string[];
  readonly metadata: Readonly<Record<"withBoth" | "hopLimitAlone" | "neither" | "hostNetwork", string>>;
  readonly failures: string;
}

/** Packages unpacked, by `.ci/run`: nothing of them is installed, so no daemon starts on this machine. */
const docker = process.env["RUNPOOL_TEST_DOCKER"] ?? resolve(import.meta.dirname, "../../../.runpool/docker");

const there = ["usr/sbin/dockerd", "usr/bin/containerd", "usr/bin/busybox"].every((file) =>
  existsSync(join(docker, file)),
);
let found: Found;
playOnce("jobs use docker", (one) => (found = one as Found), {
  files: docker,
  missing: there ? undefined : `no docker unpacked in ${docker}: .ci/run does it on Debian, as root`,
});

test("a job's container finds the runner's node in /__e, and the job's files where the runner has put them", () => {
  expect(found.container).toContain('node in the container "event"');
});

test.each(["workspace", "temp", "home", "TMPDIR", "tmp", "var-tmp", "shm"])(
  "a file that a job has in its %s is the file that its container sees",
  (place) => {
    expect(found.container).toContain(`content of ${place}`);
  },
);

describe("the next job of the same run", () => {
  test("empties the workspace in which a container has left root's files, and writes into such caches", () => {
    expect(found.second.log).toEqual(expect.arrayContaining(["workspace emptied", "caches written", "foreign=0"]));
    expect(found.second.conclusion).toBe("success");
  });

  test("gets no file that lies elsewhere, by whatever link or mount the workspace leads there", () => {
    expect(found.victim).toBe("root\nroot\n");
  });
});

test("a job's docker tells containers of the proxy", () => {
  expect(found.config.join("")).toContain("http://proxy.example.org:3128");
});

test("the next run finds docker as the image has it: no container, volume, network, image or file of the first, and a mount's files whole", () => {
  expect(found.left).toEqual(["bridge", "host", "none", "base:1", "of the host"]);
  expect(found.again).toContain("docker is there");
});

test("a container gets no instance metadata: refused by the firewall, and out of reach by the hop limit; on the host's network it is the host", () => {
  expect(found.metadata).toEqual({
    withBoth: "ECONNREFUSED",
    hopLimitAlone: "TimeoutError",
    neither: "answered",
    hostNetwork: "answered",
  });
});

test("no unit has failed", () => {
  expect(found.failures).toBe("");
});
