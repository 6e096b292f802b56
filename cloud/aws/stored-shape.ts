// The shape of what is stored as a schema of its type: a field that the schema forgets, or reads as another type, does not compile.
import type * as z from "zod/mini";

/** As a schema reads it: what may be absent may be undefined. */
type Read<Value> = Value extends readonly unknown[]
  ? Value
  : Value extends object
    ? { readonly [Name in keyof Value]: Value[Name] | undefined }
    : Value;

/** One schema a field, those that may be absent included. */
export type Shape<T> = { readonly [Name in keyof T]-?: z.core.$ZodType<Read<T[Name]> | undefined> };
