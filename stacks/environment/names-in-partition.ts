// AWS's services as conditions and trust policies name them. In China two names are in use for some.
import type { Environment } from "./environment.ts";

type Partition = Pick<Environment, "awsPartition">;

/**
 * The KMS Developer Guide ("kms:ViaService") writes `service.region.amazonaws.com` and says nothing of China, where endpoints end in `.cn`
 * (General Reference of AWS China, "Endpoints and ARNs"). Both name one service of one region, so both are let in there.
 */
const suffixes = ({ awsPartition }: Partition): readonly string[] =>
  awsPartition === "aws-cn" ? ["amazonaws.com", "amazonaws.com.cn"] : ["amazonaws.com"];

/** Values of `kms:ViaService`. */
export const viaServices = (environment: Pick<Environment, "awsPartition" | "region">, ...services: string[]) =>
  services.flatMap((service) => suffixes(environment).map((suffix) => `${service}.${environment.region}.${suffix}`));

/**
 * Values of `iam:PassedToService` for EC2: in China it says `ec2.amazonaws.com.cn` (terraform-aws-modules/terraform-aws-eks, issue 3155: with
 * the global name alone every launch is refused).
 */
export const passedToEc2 = (environment: Partition): readonly string[] =>
  suffixes(environment).map((suffix) => `ec2.${suffix}`);

/** Who takes an instance's role: EC2 and S3 have names of their own in China, the others do not (hashicorp/terraform-provider-aws, PR 47141). */
export const ec2Principal = ({ awsPartition }: Partition): string =>
  awsPartition === "aws-cn" ? "ec2.amazonaws.com.cn" : "ec2.amazonaws.com";
