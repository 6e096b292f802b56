// `runpool ami <step>`: bake, test, publish, prune and check images.
import { BadInput } from "../words/bad-input.ts";
import { problemsOfStep, stepOptions, steps } from "./ami/options.ts";
import { command } from "./command.ts";

const name = "ami";

export const amiCommand = command({
  name,
  summary: "bake, test, publish, prune and check images",
  details:
    "bake builds an image with Packer (needs a checkout of runpool). test boots one instance of it, which must register. " +
    "publish makes a tested image the environment's. prune deletes old images that nothing uses. " +
    "check lists what an image lacks: this machine's, or with --image an AMI as EC2 describes it. " +
    "age shows how old its runner is, and propose what has been released since. Each option names the steps that it is for.",
  operand: { name: "step", help: steps.join(", "), required: true, choices: steps },
  options: stepOptions.map((option) => ({ ...option, help: `[${option.steps.join(", ")}] ${option.help}` })),
  examples: [
    "runpool ami bake -e dev --variant ubuntu-24.04-x64 --json",
    "runpool ami test -e dev --image ami-0123456789abcdef0",
    "runpool ami publish -e dev --image ami-0123456789abcdef0",
    "runpool ami prune -e dev --keep 3 --dry-run",
    "sudo runpool ami check",
  ],
  run: async (input, context) => {
    const problems = problemsOfStep(input);
    if (problems.length > 0) throw new BadInput(problems, name);
    // Loaded late, like all that touches AWS.
    const { runStep } = await import("./ami/steps.ts");
    return runStep(input, context);
  },
});
