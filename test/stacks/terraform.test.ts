// The real Terraform and AWS provider, without AWS: every stack of the example initialises, validates and plans.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import example from "../../environments/example.ts";
import prod from "../../environments/prod.ts";
import { exampleWith, machines } from "./synthesized.ts";
import { fetchInto, pluginDirectory } from "./terraform-provider.ts";
import { terraformMissing, workspaceOf } from "./terraform.ts";

const minutes = 60_000;

test(
  "every stack of the example is valid to the provider, and its plan creates and destroys nothing else",
  { timeout: 5 * minutes },
  async (context) => {
    if (terraformMissing !== undefined) return context.skip(terraformMissing);
    const workspace = workspaceOf([example]);
    expect(workspace.stacks.toSorted()).toEqual([
      "account-111122223333",
      "example-control",
      "example-observability",
      "example-pool",
    ]);
    const look = async (stack: string): Promise<void> => {
      const started = await workspace.run(stack, "init", "-input=false");
      expect(started.output, stack).toContain("successfully initialized");
      const valid = await workspace.run(stack, "validate");
      expect(valid.output, stack).toContain("The configuration is valid.");
      const plan = await workspace.run(stack, "plan", "-input=false", "-lock=false");
      expect(plan.output, stack).toMatch(/Plan: \d+ to add, 0 to change, 0 to destroy\./);
    };
    await Promise.all(workspace.stacks.map(look));
  },
);

test(
  "with everything by choice (own key, existing or private network, proxy, schedules, deploy role, budget) every stack is valid too",
  { timeout: 5 * minutes },
  async (context) => {
    if (terraformMissing !== undefined) return context.skip(terraformMissing);
    const hidden = exampleWith({
      name: "hidden",
      network: { kind: "private", cidr: "10.82.0.0/20", zones: ["eu-central-1a"], endpoints: ["ssm", "logs"] },
      proxy: { url: "http://proxy.example.org:3128" },
      ...machines({ preRunner: { script: "#!/bin/bash\necho ${HOME} %{if}\n" } }),
      classes: { large: {}, docker: { cpu: 2, mmem: 4096, docker: true, preRunner: { script: "#!/bin/sh\n" } } },
      retiredClasses: ["huge"],
      tags: { "cost-center": "4711/Büro +1" },
      forge: {
        repositories: ["octo-org/*", "octo-org/docs"],
        repositoryIds: { "octo-org/*": "123456" },
        enterprise: "octo",
        enterpriseIssuer: "octo",
        credentialParameter: "/octo/token",
      },
      provisionFrom: { environments: ["runners:eu"], workflows: ["octo-org/ci/.github/workflows/ci.yml@refs/tags/v1"] },
      sessionAccess: true,
      shipLogs: true,
    });
    const workspace = workspaceOf([prod, hidden]);
    const look = async (stack: string): Promise<void> => {
      // The bucket of the state is not there to be asked.
      const started = await workspace.run(stack, "init", "-input=false", "-backend=false");
      expect(started.output, stack).toContain("successfully initialized");
      expect((await workspace.run(stack, "validate")).output, stack).toContain("The configuration is valid.");
    };
    await Promise.all(workspace.stacks.map(look));
  },
);

test(
  "where no mirror is found the provider is fetched once, by Terraform itself, whole or not at all",
  { timeout: minutes },
  (context) => {
    if (terraformMissing !== undefined) return context.skip(terraformMissing);
    const folder = mkdtempSync(join(tmpdir(), "runpool-fetched-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    onTestFinished(() => void vi.unstubAllEnvs());
    // In the network's place: what Terraform asks is answered by this machine's provider, or by an empty folder.
    const answerFrom = (path: string): void => {
      const file = join(folder, "terraform.rc");
      writeFileSync(
        file,
        `provider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(path)}\n  }\n}\n`,
      );
      vi.stubEnv("TF_CLI_CONFIG_FILE", file);
    };
    const kept = join(folder, "kept", "providers");
    answerFrom(folder);
    expect(fetchInto(kept)).toBeUndefined();
    expect(existsSync(kept)).toBe(false);
    answerFrom(pluginDirectory() ?? "");
    expect(fetchInto(kept)).toBe(kept);
    expect(existsSync(join(kept, "registry.terraform.io", "hashicorp", "aws"))).toBe(true);
    answerFrom(folder);
    expect(fetchInto(kept)).toBe(kept);
  },
);
