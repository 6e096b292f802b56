// Proposing updates: the publishers are asked as they publish, and their own checksums are taken where they state them.
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { proposeUpdates, type Get } from "../../entry/cli/ami/updates.ts";
import { readRecipe } from "../../build/recipe.ts";
import { recipeFolder } from "./stand-ins.ts";

const { sources, versions } = readRecipe(recipeFolder);
const sum = (digit: string): string => digit.repeat(64);
const sumOf = (text: string): string => createHash("sha256").update(text).digest("hex");

const asset = (architecture: string, digit: string) => ({
  name: `actions-runner-linux-${architecture}-2.400.0.tar.gz`,
  digest: `sha256:${sum(digit)}`,
});
const replies: Readonly<Record<string, string>> = {
  "https://api.github.com/repos/actions/runner/releases/latest": JSON.stringify({
    tag_name: "v2.400.0",
    assets: [asset("x64", "1"), asset("arm64", "2"), { name: "other.zip", digest: null }],
  }),
  "https://nodejs.org/dist/index.json": JSON.stringify(
    ["v25.1.0", "v24.9.0", "v24.30.1", "v24.4.2"].map((version) => ({ version })),
  ),
  "https://nodejs.org/dist/v24.30.1/SHASUMS256.txt": [
    `${sum("3")}  node-v24.30.1-linux-x64.tar.gz`,
    `${sum("4")}  node-v24.30.1-linux-arm64.tar.gz`,
    `${sum("5")}  node-v24.30.1-linux-x64.tar.xz`,
  ].join("\n"),
  "https://amazoncloudwatch-agent.s3.amazonaws.com/info/latest/CWAGENT_VERSION": "1.300\n",
  "https://amazoncloudwatch-agent.s3.amazonaws.com/ubuntu/amd64/1.300/amazon-cloudwatch-agent.deb": "cw x64",
  "https://amazoncloudwatch-agent.s3.amazonaws.com/ubuntu/arm64/1.300/amazon-cloudwatch-agent.deb": "cw arm64",
  "https://s3.amazonaws.com/ec2-downloads-windows/SSMAgent/latest/VERSION": "3.3.1\n",
  "https://s3.amazonaws.com/ec2-downloads-windows/SSMAgent/3.3.1/debian_amd64/amazon-ssm-agent.deb": "ssm x64",
  "https://s3.amazonaws.com/ec2-downloads-windows/SSMAgent/3.3.1/debian_arm64/amazon-ssm-agent.deb": "ssm arm64",
};
const get: Get = (url) => {
  const text = replies[url];
  return Promise.resolve(text === undefined ? new Response("", { status: 404 }) : new Response(text));
};

test("stated checksums are taken as they are stated, others computed and called so", async () => {
  const { versions: proposed, proposals } = await proposeUpdates(versions, sources, get);
  expect(proposed["runner"]).toEqual({ version: "2.400.0", sha256: { x64: sum("1"), arm64: sum("2") } });
  expect(proposed["node"]).toEqual({ version: "24.30.1", sha256: { x64: sum("3"), arm64: sum("4") } });
  expect(proposed["ssm-agent"]).toEqual({
    version: "3.3.1",
    sha256: { x64: sumOf("ssm x64"), arm64: sumOf("ssm arm64") },
  });
  expect(proposed["docker"]).toEqual(versions["docker"]);
  expect(proposals.map(({ name, checksum }) => [name, checksum])).toEqual([
    ["runner", "confirmed"],
    ["node", "confirmed"],
    ["cloudwatch-agent", "computed"],
    ["ssm-agent", "computed"],
  ]);
});

test("what is the newest already, with its checksums, is left alone", async () => {
  const { versions: proposed } = await proposeUpdates(versions, sources, get);
  expect((await proposeUpdates(proposed, sources, get)).proposals).toEqual([]);
});

test("a version that lacks a checksum is proposed again, though it is the newest", async () => {
  const lacking = { ...versions, runner: { version: "2.400.0", sha256: { x64: null, arm64: sum("2") } } };
  const { proposals } = await proposeUpdates(lacking, sources, get);
  expect(proposals[0]).toMatchObject({ name: "runner", from: "2.400.0", to: "2.400.0" });
});

test("a publisher that does not answer ends it: half a proposal would look like a whole one", async () => {
  const down: Get = (url) => (url.includes("nodejs.org") ? Promise.reject(new TypeError("fetch failed")) : get(url));
  await expect(proposeUpdates(versions, sources, down)).rejects.toThrow("https://nodejs.org/dist/index.json");
});
