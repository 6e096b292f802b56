// The real Terraform and AWS provider, without AWS: every stack is valid to them. deployed.test.ts and changes.test.ts apply some to a stand-in.
import { expect, test } from "vitest";
import example from "../../environments/example.ts";
import prod from "../../environments/prod.ts";
import { exampleWith, machines } from "./synthesized.ts";
import { terraformMissing, workspaceOf } from "./terraform.ts";

/** With what the example and prod have not: a private network, a proxy, an enterprise, a whole owner's repositories, scripts with Terraform's signs. */
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

test(
  "every stack of the example, of prod and of everything else by choice is valid",
  { timeout: 5 * 60_000 },
  async (context) => {
    if (terraformMissing !== undefined) return context.skip(terraformMissing);
    const workspace = workspaceOf([example, prod, hidden]);
    // Three environments of one account.
    expect(workspace.stacks).toHaveLength(3 * 3 + 1);
    const [first = "", ...others] = workspace.stacks;
    // The bucket of prod's state is not there to be asked.
    const started = await workspace.run(first, "init", "-input=false", "-backend=false");
    expect(started.output).toContain("successfully initialized");
    for (const stack of others) workspace.initializedAs(stack, first);
    const validate = async (stacks: readonly string[]): Promise<void> => {
      for (const stack of stacks)
        expect((await workspace.run(stack, "validate")).output, stack).toContain("The configuration is valid.");
    };
    // Two at once: each takes half a gigabyte.
    const half = Math.ceil(workspace.stacks.length / 2);
    await Promise.all([workspace.stacks.slice(0, half), workspace.stacks.slice(half)].map(validate));
  },
);
