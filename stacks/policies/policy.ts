// IAM policies as data. Every ARN is made from names known at synthesis, so a policy is plain text that tests can evaluate.
import { literal } from "../environment/literal.ts";

export interface Statement {
  readonly Sid: string;
  readonly Effect: "Allow" | "Deny";
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface TrustStatement extends Omit<Statement, "Resource"> {
  readonly Principal: Readonly<Record<string, string>>;
}

export const policy = (statements: readonly (Statement | TrustStatement)[]): string =>
  literal(JSON.stringify({ Version: "2012-10-17", Statement: statements }));

/** Who may take a role: one AWS service. */
export const trustService = (service: string, condition?: Statement["Condition"]): string =>
  policy([
    {
      Sid: "Service",
      Effect: "Allow",
      Principal: { Service: service },
      Action: ["sts:AssumeRole"],
      ...(condition === undefined ? {} : { Condition: condition }),
    },
  ]);
