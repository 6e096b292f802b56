// DynamoDB's numbers: decimals of up to 38 significant digits, kept and compared exactly.
import { AwsFault } from "../http/service.ts";

/** coefficient × 10^exponent; the coefficient has no trailing zeros, zero is 0 × 10^0. */
interface Decimal {
  readonly coefficient: bigint;
  readonly exponent: number;
}

const digitsMost = 38;
const shape = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;
/** Integers which are certainly canonical already, and exact as a double. */
const plain = /^(?:0|-?[1-9]\d{0,14})$/;

const invalid = (message: string): AwsFault => new AwsFault("ValidationException", message);

function trim(coefficient: bigint, exponent: number): Decimal {
  if (coefficient === 0n) return { coefficient: 0n, exponent: 0 };
  let [c, e] = [coefficient, exponent];
  while (c % 10n === 0n) {
    c /= 10n;
    e += 1;
  }
  return { coefficient: c, exponent: e };
}

function parse(text: string): Decimal {
  const found = shape.exec(text);
  const whole = found?.[2] ?? "";
  const fraction = found?.[3] ?? "";
  if (!found || whole + fraction === "") {
    throw invalid(
      text === ""
        ? "The parameter cannot be converted to a numeric value"
        : `The parameter cannot be converted to a numeric value: ${text}`,
    );
  }
  const magnitude = BigInt(whole + fraction);
  return trim(found[1] === "-" ? -magnitude : magnitude, Number(found[4] ?? 0) - fraction.length);
}

const digits = (d: Decimal): string => (d.coefficient < 0n ? -d.coefficient : d.coefficient).toString();

/** Source of the limits: DynamoDB Developer Guide, "Data types and naming rules". */
function checked(d: Decimal): Decimal {
  const length = digits(d).length;
  if (length > digitsMost) throw invalid("Attempting to store more than 38 significant digits in a Number");
  const magnitude = d.exponent + length - 1;
  if (d.coefficient !== 0n && magnitude > 125) {
    throw invalid("Number overflow. Attempting to store a number with magnitude larger than supported range");
  }
  if (d.coefficient !== 0n && magnitude < -130) {
    throw invalid("Number underflow. Attempting to store a number with magnitude smaller than supported range");
  }
  return d;
}

function format(d: Decimal): string {
  const sign = d.coefficient < 0n ? "-" : "";
  const text = digits(d);
  if (d.exponent >= 0) return sign + text + "0".repeat(d.exponent);
  const point = text.length + d.exponent;
  return point > 0 ? `${sign}${text.slice(0, point)}.${text.slice(point)}` : `${sign}0.${"0".repeat(-point)}${text}`;
}

/** The number as DynamoDB stores and returns it: `1.0` → `1`, `1E3` → `1000`. Throws ValidationException. */
export const canonicalNumber = (text: string): string => (plain.test(text) ? text : format(checked(parse(text))));

/** The sum of two canonical numbers. */
export function addNumbers(left: string, right: string): string {
  if (plain.test(left) && plain.test(right)) return String(Number(left) + Number(right));
  const [a, b] = [parse(left), parse(right)];
  const exponent = Math.min(a.exponent, b.exponent);
  const scaled = (d: Decimal): bigint => d.coefficient * 10n ** BigInt(d.exponent - exponent);
  return format(checked(trim(scaled(a) + scaled(b), exponent)));
}

/** Negative, zero or positive, as canonical `left` is below, equal to or above `right`. */
export function compareNumbers(left: string, right: string): number {
  // Fifteen digits survive the way through a double, so their order does too.
  if (left.length <= 15 && right.length <= 15) return Number(left) - Number(right);
  const [a, b] = [parse(left), parse(right)];
  const exponent = Math.min(a.exponent, b.exponent);
  const difference =
    a.coefficient * 10n ** BigInt(a.exponent - exponent) - b.coefficient * 10n ** BigInt(b.exponent - exponent);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** Bytes DynamoDB counts for a stored number (approximate there, too). */
export const numberSize = (text: string): number => {
  const d = parse(text);
  return Math.ceil(digits(d).length / 2) + 1 + (d.coefficient < 0n ? 1 : 0);
};
