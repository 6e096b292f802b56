// Rules for images: one for each architecture of a class, of that architecture, with a runner on it after first boot.
import type { MachineSettings } from "../../domain/machine-class.ts";
import { architectures, type Architecture } from "../../domain/record.ts";
import { withOwn } from "./check-classes.ts";
import type { Environment, Problem } from "./environment.ts";

/** How AWS and the distributions write the other architecture in names of public parameters. */
const ofOther: Record<Architecture, RegExp> = { x64: /arm64|aarch64/, arm64: /x86_64|amd64/ };

function problemsOfImage(path: string, { image, install }: MachineSettings, architecture: Architecture): Problem[] {
  const source = image[architecture];
  if (source === undefined || !("parameter" in source) || !source.parameter.startsWith("/aws/")) return [];
  const problems: Problem[] = [];
  const [other] = ofOther[architecture].exec(source.parameter) ?? [];
  if (other !== undefined)
    problems.push([`${path}.image.${architecture}.parameter`, `is an image for ${other}: ${source.parameter}`]);
  if (install[architecture] === undefined)
    problems.push([
      `${path}.install.${architecture}`,
      `is required: ${path}.image.${architecture} is a stock AMI, so a runner must be installed at first boot`,
    ]);
  return problems;
}

export const problemsOfImages = (environment: Environment): readonly Problem[] =>
  withOwn(environment, "operatingSystem", "architectures", "image", "install").flatMap(([path, one]) => {
    const { defaults, classes, retiredArchitectures } = environment;
    const problems = architectures.flatMap((architecture) => problemsOfImage(path, one, architecture));
    if (new Set(one.architectures).size !== one.architectures.length)
      problems.push([`${path}.architectures`, "contains a duplicate"]);
    const system =
      one.operatingSystem === defaults.operatingSystem ? "" : ` (the one in defaults is ${defaults.operatingSystem})`;
    for (const architecture of one.architectures)
      if (one.image[architecture] === undefined)
        problems.push([
          `${path}.image.${architecture}`,
          `is required: architectures contains ${architecture}${system}`,
        ]);
    // What the defaults give may be meant for a class that is made for another architecture than they are.
    const users = one === defaults ? [defaults, ...Object.values(classes)] : [one];
    const made = new Set([...retiredArchitectures, ...users.flatMap((user) => user.architectures)]);
    for (const field of ["image", "install"] as const)
      for (const architecture of architectures) {
        const inherited = one !== defaults && one[field][architecture] === defaults[field][architecture];
        if (one[field][architecture] !== undefined && !inherited && !made.has(architecture))
          problems.push([
            `${path}.${field}.${architecture}`,
            `is set, but architectures does not contain ${architecture}`,
          ]);
      }
    const [x64, arm64] = [one.image.x64, one.image.arm64].map((image) => JSON.stringify(image));
    if (x64 !== undefined && x64 === arm64 && !("pipeline" in (one.image.x64 ?? {})))
      problems.push([`${path}.image.arm64`, "is the image of x64: an AMI has one architecture"]);
    return problems;
  });
