// Refuses `destroy` while instances live: it is destroyed before everything else of its stack, and its command fails.
// Each stack of an environment has one: the command line destroys observability and control before the pool.
import { DataResource, TerraformResource, type TerraformStack } from "cdktf";
import type { Environment } from "../environment/environment.ts";

/** Terraform runs in `cdktf.out/stacks/<stack>`; the project's own Node.js runs the check. */
const project = "../../..";
export const projectProgram = (file: string, ...args: readonly string[]): string =>
  [`${project}/node_modules/.bin/node ${project}/entry/${file}`, ...args.map((arg) => `"${arg}"`)].join(" ");

/** To be called last: it depends on every resource made before, so that none is destroyed before it has let pass. */
export function guardDestroy(stack: TerraformStack, { name, region }: Environment): void {
  const everything = stack.node.findAll().filter((found) => found instanceof TerraformResource);
  new DataResource(stack, "destroy-guard", {
    // A destroy-time command may refer to nothing but its own resource.
    input: { environment: name, region },
    dependsOn: everything,
    provisioners: [
      {
        type: "local-exec",
        when: "destroy",
        command: projectProgram("refuse-destroy.ts", "${self.input.environment}", "${self.input.region}"),
      },
    ],
  });
}
