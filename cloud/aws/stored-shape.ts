// What is stored, and the schema that reads it back: a field that the schema forgets, or reads as another type, does not compile.
import type * as z from "zod/mini";

/** With all that may be absent, at every depth. */
export type Whole<Value> = Value extends readonly (infer Element)[]
  ? readonly Whole<Element>[]
  : Value extends object
    ? { readonly [Name in keyof Value]-?: Whole<Exclude<Value[Name], undefined>> }
    : Value;

/** Names of fields of `Stored`, at every depth, that `Read` has not. */
type Forgotten<Stored, Read> = Stored extends readonly (infer Element)[]
  ? Read extends readonly (infer ReadElement)[]
    ? Forgotten<Element, ReadElement>
    : never
  : Stored extends object
    ? {
        [Name in keyof Stored & string]-?: Name extends keyof Read
          ? Forgotten<Exclude<Stored[Name], undefined>, Exclude<Read[Name], undefined>>
          : Name;
      }[keyof Stored & string]
    : never;

/** The schema itself, where it reads a `Stored`, the whole of it. */
export const schemaOf =
  <Stored>() =>
  <Schema extends z.core.$ZodType<Stored>>(
    schema: Schema &
      ([Forgotten<Stored, z.output<Schema>>] extends [never]
        ? unknown
        : { readonly forgotten: Forgotten<Stored, z.output<Schema>> }),
  ): Schema =>
    schema;
