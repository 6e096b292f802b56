// The embedded SSM: Parameter Store over JSON 1.1.
//
// Sources: SSM API Reference (PutParameter, GetParameter, GetParametersByPath and siblings). Not modelled: policies, labels,
// sharing, the encryption itself (an undecrypted SecureString is an opaque text, not KMS's), permissions.
import type { Placed } from "../http/faults.ts";
import { AwsFault } from "../http/service.ts";
import type { Service } from "../http/service.ts";
import { append, checkName, checkSize, find, invalid, latest } from "./parameters.ts";
import type { Parameter, ParameterType, Parameters, Version } from "./parameters.ts";

export interface Ssm {
  readonly service: Service;
  /** The decrypted value now; undefined where there is no such parameter. */
  readonly value: (name: string) => string | undefined;
  /** Furnishing: sets a parameter, also one under `/aws/`. */
  readonly put: (name: string, value: string, type?: ParameterType) => void;
}

type Input = Readonly<Record<string, unknown>>;
interface Store extends Placed {
  readonly parameters: Parameters;
}
type Handler = (store: Store, input: Input) => unknown;

const text = (input: Input, key: string): string | undefined => {
  const value = input[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw invalid(`Value at '${key}' failed to satisfy constraint: must be a string`);
  return value;
};
const required = (input: Input, key: string): string => {
  const value = text(input, key);
  if (value === undefined)
    throw invalid(
      `1 validation error detected: Value null at '${key}' failed to satisfy constraint: Member must not be null`,
    );
  return value;
};
const texts = (input: Input, key: string): string[] => {
  const value = input[key] ?? [];
  if (!Array.isArray(value)) throw invalid(`Value at '${key}' failed to satisfy constraint: must be a list`);
  return value.map(String);
};
const structures = (input: Input, key: string): Input[] => (Array.isArray(input[key]) ? (input[key] as Input[]) : []);

const arn = ({ region, account }: Store, name: string): string =>
  `arn:aws:ssm:${region}:${account}:parameter${name.startsWith("/") ? "" : "/"}${name}`;

const shown = (store: Store, parameter: Parameter, version: Version, decrypted: boolean): Record<string, unknown> => ({
  Name: parameter.name,
  Type: version.type,
  Value:
    version.type === "SecureString" && !decrypted
      ? Buffer.from(`encrypted:${parameter.name}:${version.number}`).toString("base64")
      : version.value,
  Version: version.number,
  LastModifiedDate: version.at / 1000,
  ARN: arn(store, parameter.name),
  DataType: version.dataType,
});

/** What DescribeParameters and GetParameterHistory tell alike. */
const metadata = (store: Store, parameter: Parameter, version: Version): Record<string, unknown> => ({
  Name: parameter.name,
  Type: version.type,
  KeyId: version.keyId,
  LastModifiedDate: version.at / 1000,
  LastModifiedUser: `arn:aws:iam::${store.account}:root`,
  Description: version.description,
  Version: version.number,
  Tier: version.tier,
  Policies: [],
  DataType: version.dataType,
});

function page<T>(input: Input, all: readonly T[], most: number): { entries: readonly T[]; next: string | undefined } {
  const size = typeof input["MaxResults"] === "number" ? input["MaxResults"] : most;
  if (size < 1 || size > most)
    throw invalid(`Value '${size}' at 'maxResults' failed to satisfy constraint: Member must be between 1 and ${most}`);
  const token = text(input, "NextToken");
  const start = token === undefined ? 0 : Number(token.replace(/^page-/, ""));
  if (!Number.isInteger(start)) throw new AwsFault("InvalidNextToken", "The specified token isn't valid.");
  const end = start + size;
  return { entries: all.slice(start, end), next: end < all.length ? `page-${end}` : undefined };
}

/** SSM API Reference, PutParameter, "DataType". */
const dataTypes = ["text", "aws:ec2:image", "aws:ssm:integration"];

function putParameter(store: Store, input: Input): unknown {
  const name = checkName(required(input, "Name"));
  const value = required(input, "Value");
  const existing = store.parameters.get(name);
  const overwrite = input["Overwrite"] === true;
  if (existing !== undefined && !overwrite)
    throw new AwsFault(
      "ParameterAlreadyExists",
      "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
    );
  const type = text(input, "Type") ?? (existing === undefined ? undefined : latest(existing).type);
  if (type === undefined) throw invalid("A parameter type is required when you create a parameter.");
  if (type !== "String" && type !== "StringList" && type !== "SecureString")
    throw invalid(
      `1 validation error detected: Value '${type}' at 'type' failed to satisfy constraint: Member must satisfy enum value set: [SecureString, StringList, String]`,
    );
  const dataType = text(input, "DataType") ?? "text";
  if (!dataTypes.includes(dataType))
    throw invalid(`The following data type is not supported: ${dataType} (Data type names are all lowercase.)`);
  if (existing !== undefined && latest(existing).type !== type)
    throw new AwsFault(
      "HierarchyTypeMismatchException",
      "Parameter Store does not support changing a parameter type in a hierarchy.",
    );
  const tags = new Map(structures(input, "Tags").map((tag) => [required(tag, "Key"), text(tag, "Value") ?? ""]));
  if (overwrite && tags.size > 0)
    throw invalid(
      "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag.",
    );
  const tier = checkSize(value, text(input, "Tier") ?? (existing === undefined ? undefined : latest(existing).tier));
  const parameter: Parameter = existing ?? { name, versions: [], tags };
  const version = append(parameter, {
    type,
    value,
    tier,
    description: text(input, "Description"),
    keyId: type === "SecureString" ? (text(input, "KeyId") ?? "alias/aws/ssm") : undefined,
    dataType,
    at: store.clock.now(),
  });
  store.parameters.set(name, parameter);
  return { Version: version.number, Tier: version.tier };
}

function getParameter(store: Store, input: Input): unknown {
  const { parameter, version } = find(store.parameters, required(input, "Name"));
  return { Parameter: shown(store, parameter, version, input["WithDecryption"] === true) };
}

const sorted = (store: Store): Parameter[] =>
  [...store.parameters.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));

const under = (name: string, path: string, recursive: boolean): boolean => {
  const prefix = path.endsWith("/") ? path : `${path}/`;
  return name.startsWith(prefix) && (recursive || !name.slice(prefix.length).includes("/"));
};

function getParametersByPath(store: Store, input: Input): unknown {
  const path = required(input, "Path");
  if (!path.startsWith("/"))
    throw invalid(
      'The parameter doesn\'t meet the parameter name requirements. The parameter name must begin with a forward slash "/".',
    );
  if (structures(input, "ParameterFilters").length > 0)
    throw invalid("The embedded cloud does not model ParameterFilters of GetParametersByPath.");
  const all = sorted(store).filter(({ name }) => under(name, path, input["Recursive"] === true));
  const { entries, next } = page(input, all, 10);
  const decrypted = input["WithDecryption"] === true;
  return {
    Parameters: entries.map((parameter) => shown(store, parameter, latest(parameter), decrypted)),
    NextToken: next,
  };
}

function deleteParameter(store: Store, input: Input): unknown {
  const { parameter } = find(store.parameters, required(input, "Name"));
  store.parameters.delete(parameter.name);
  return {};
}

function deleteParameters(store: Store, input: Input): unknown {
  const names = texts(input, "Names");
  const [gone, missing] = [
    names.filter((name) => store.parameters.has(name)),
    names.filter((name) => !store.parameters.has(name)),
  ];
  for (const name of gone) store.parameters.delete(name);
  return { DeletedParameters: gone, InvalidParameters: missing };
}

/** Filters by path and by tag are what is asked here; any other is refused. */
const passes = (parameter: Parameter, filter: Input): boolean => {
  const [key, option, values] = [required(filter, "Key"), text(filter, "Option") ?? "Equals", texts(filter, "Values")];
  if (key === "Path") return values.some((path) => under(parameter.name, path, option === "Recursive"));
  if (key.startsWith("tag:") && option === "Equals")
    return values.some((value) => value === parameter.tags.get(key.slice(4)));
  throw new AwsFault("InvalidFilterKey", `The embedded cloud does not know the filter ${key} ${option}.`);
};

function describeParameters(store: Store, input: Input): unknown {
  const filters = structures(input, "ParameterFilters");
  const all = sorted(store).filter((parameter) => filters.every((filter) => passes(parameter, filter)));
  const { entries, next } = page(input, all, 50);
  return {
    Parameters: entries.map((parameter) => ({
      ...metadata(store, parameter, latest(parameter)),
      ARN: arn(store, parameter.name),
    })),
    NextToken: next,
  };
}

function getParameterHistory(store: Store, input: Input): unknown {
  const { parameter } = find(store.parameters, required(input, "Name"));
  const { entries, next } = page(input, parameter.versions, 50);
  const decrypted = input["WithDecryption"] === true;
  return {
    Parameters: entries.map((version) => ({
      ...metadata(store, parameter, version),
      Value: shown(store, parameter, version, decrypted)["Value"],
      Labels: [],
    })),
    NextToken: next,
  };
}

const handlers: Readonly<Record<string, Handler>> = {
  PutParameter: putParameter,
  GetParameter: getParameter,
  GetParametersByPath: getParametersByPath,
  DeleteParameter: deleteParameter,
  DeleteParameters: deleteParameters,
  DescribeParameters: describeParameters,
  GetParameterHistory: getParameterHistory,
};

export function ssm(options: Placed): Ssm {
  const store: Store = { ...options, parameters: new Map() };
  return {
    service: async (call) => {
      const handler = Object.hasOwn(handlers, call.action) ? handlers[call.action] : undefined;
      if (handler === undefined)
        throw new AwsFault("UnknownOperationException", `The operation ${call.action} is not known.`);
      return handler(store, call.input);
    },
    value: (name) => {
      const parameter = store.parameters.get(name);
      return parameter === undefined ? undefined : latest(parameter).value;
    },
    put: (name, value, type = "String") => {
      const parameter: Parameter = store.parameters.get(name) ?? { name, versions: [], tags: new Map() };
      const tier = checkSize(value, "Intelligent-Tiering");
      const keyId = type === "SecureString" ? "alias/aws/ssm" : undefined;
      append(parameter, {
        type,
        value,
        tier,
        description: undefined,
        keyId,
        dataType: "text",
        at: options.clock.now(),
      });
      store.parameters.set(name, parameter);
    },
  };
}
