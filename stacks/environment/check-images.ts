// The rules of images: one for each architecture of a class, made for it, and a runner on it in the end.
import type { MachineSettings } from "../../domain/machine-class.ts";
import { architectures, type Architecture } from "../../domain/record.ts";
import { withOwn } from "./check-classes.ts";
import type { Environment, Problem } from "./environment.ts";

/** As AWS and the distributions write the other one in the names of their public parameters. */
const ofOther: Record<Architecture, RegExp> = { x64: /arm64|aarch64/, arm64: /x86_64|amd64/ };

function problemsOfImage(path: string, { image, install }: MachineSettings, architecture: Architecture): Problem[] {
  const source = image[architecture];
  if (source === undefined || !("parameter" in source) || !source.parameter.startsWith("/aws/")) return [];
  const problems: Problem[] = [];
  const [other] = ofOther[architecture].exec(source.parameter) ?? [];
  if (other !== undefined)
    problems.push([`${path}.image.${architecture}.parameter`, `names an image for ${other}: ${source.parameter}`]);
  if (install[architecture] === undefined)
    problems.push([
      `${path}.install.${architecture}`,
      `is missing: ${path}.image.${architecture} is a stock AMI, which has no runner until one is installed at first boot`,
    ]);
  return problems;
}

export const problemsOfImages = (environment: Environment): readonly Problem[] =>
  withOwn(environment, "operatingSystem", "architectures", "image", "install").flatMap(([path, one]) => {
    const { defaults, classes, retiredArchitectures } = environment;
    const problems = architectures.flatMap((architecture) => problemsOfImage(path, one, architecture));
    if (new Set(one.architectures).size !== one.architectures.length)
      problems.push([`${path}.architectures`, "names one twice"]);
    const system =
      one.operatingSystem === defaults.operatingSystem ? "" : ` (that of defaults is of ${defaults.operatingSystem})`;
    for (const architecture of one.architectures)
      if (one.image[architecture] === undefined)
        problems.push([
          `${path}.image.${architecture}`,
          `is missing, though architectures names ${architecture}${system}`,
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
            `is given, but architectures does not name ${architecture}`,
          ]);
      }
    const [x64, arm64] = [one.image.x64, one.image.arm64].map((image) => JSON.stringify(image));
    if (x64 !== undefined && x64 === arm64 && !("pipeline" in (one.image.x64 ?? {})))
      problems.push([`${path}.image.arm64`, "is that of x64: an AMI is made for one architecture"]);
    return problems;
  });
