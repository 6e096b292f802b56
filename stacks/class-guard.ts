// Refuses to take a class's queues away while there is anything of it: instances, or messages.
//
// Terraform runs a destroy-time command only of what is still described, so a queue cannot guard itself. One resource for all classes can:
// it is replaced when the classes change, and what is destroyed then, before the queues that it depends on, knows the classes of
// before; the command is described anew, and names those that are kept. (Terraform's documentation, "Destroy-time provisioners".)
import { DataResource, type ITerraformDependable, type TerraformStack } from "cdktf";
import { queuedClasses } from "./arns.ts";
import { projectProgram } from "./destroy-guard.ts";
import type { Environment } from "./environment.ts";

/** `parts`: the queues and launch templates of the classes; none of them is destroyed before the guard has let pass. */
export function guardClasses(
  stack: TerraformStack,
  environment: Environment,
  parts: readonly ITerraformDependable[],
): DataResource {
  const { name, region } = environment;
  const classes = queuedClasses(environment).toSorted().join(",");
  return new DataResource(stack, "class-guard", {
    input: { environment: name, region, classes },
    triggersReplace: { classes },
    dependsOn: [...parts],
    provisioners: [
      {
        type: "local-exec",
        when: "destroy",
        command: projectProgram(
          "refuse-removal.ts",
          "${self.input.environment}",
          "${self.input.region}",
          "${self.input.classes}",
          classes,
        ),
      },
    ],
  });
}
