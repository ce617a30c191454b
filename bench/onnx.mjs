// ONNX models with one product in them, written as protobuf bytes by hand: the only thing we want of ONNX here.
// Field numbers: onnx/onnx.proto (ModelProto, GraphProto, NodeProto, ValueInfoProto, TensorProto).
const FLOAT = 1, INT64 = 7, BOOL = 9;

const varint = (n) => {
  const out = [];
  for (; n > 127; n = Math.floor(n / 128)) out.push((n % 128) | 128);
  return [...out, n];
};
const join = (parts) => {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) { out.set(p, at); at += p.length; }
  return out;
};
const number = (field, value) => Uint8Array.from([...varint(field * 8), ...varint(value)]);
const bytes = (field, value) => join([Uint8Array.from([...varint(field * 8 + 2), ...varint(value.length)]), value]);
const text = (field, value) => bytes(field, new TextEncoder().encode(value));
const message = (field, ...parts) => bytes(field, join(parts));

// ValueInfoProto: name 1, type 2 -> TypeProto.tensor_type 1 -> elem_type 1, shape 2 -> dim 1 -> dim_value 1
const value = (field, name, type, shape) =>
  message(field, text(1, name), message(2, message(1, number(1, type), ...(shape ? [message(2, ...shape.map((d) => message(1, number(1, d))))] : []))));
// TensorProto: dims 1, data_type 2, name 8, raw_data 9
const tensor = (field, name, type, shape, data) =>
  message(field, ...shape.map((d) => number(1, d)), number(2, type), text(8, name), bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)));
// NodeProto: input 1, output 2, name 3, op_type 4, attribute 5
const node = (field, type, inputs, outputs, ...attributes) =>
  message(field, ...inputs.map((i) => text(1, i)), ...outputs.map((o) => text(2, o)), text(4, type), ...attributes);
// GraphProto: node 1, name 2, initializer 5, input 11, output 12
const model = (...graph) => join([number(1, 8), text(2, 'bench'), message(7, text(2, 'g'), ...graph), message(8, text(1, ''), number(2, 17))]);

/** C = A·B. With `b` given, B is a constant of the model and may be packed once; else it is an input. */
export function matmulModel([m, k, n], b) {
  return model(
    node(1, 'MatMul', ['A', 'B'], ['C']),
    ...(b ? [tensor(5, 'B', FLOAT, [k, n], b)] : []),
    value(11, 'A', FLOAT, [m, k]),
    ...(b ? [] : [value(11, 'B', FLOAT, [k, n])]),
    value(12, 'C', FLOAT, [m, n]),
  );
}

/**
 * The same product `times` times in one run: Loop(times, true, C0) { C = A·B }. A run copies A in and C out; so the copies
 * are spread over many products and what remains is the product.
 */
export function repeatedModel([m, k, n], times, b) {
  const body = message(
    6, // AttributeProto.g
    node(1, 'Identity', ['going'], ['on']),
    node(1, 'MatMul', ['A', 'B'], ['Cnext']),
    text(2, 'body'),
    value(11, 'i', INT64, []), value(11, 'going', BOOL, []), value(11, 'Cbefore', FLOAT, [m, n]),
    value(12, 'on', BOOL, []), value(12, 'Cnext', FLOAT, [m, n]),
  );
  const attribute = message(5, text(1, 'body'), number(20, 5), body); // AttributeProto: name 1, type 20 = GRAPH
  return model(
    node(1, 'Loop', ['times', 'yes', 'C0'], ['C'], attribute),
    tensor(5, 'times', INT64, [], BigInt64Array.of(BigInt(times))),
    tensor(5, 'yes', BOOL, [], Uint8Array.of(1)),
    tensor(5, 'C0', FLOAT, [m, n], new Float32Array(m * n)),
    ...(b ? [tensor(5, 'B', FLOAT, [k, n], b)] : []),
    value(11, 'A', FLOAT, [m, k]),
    ...(b ? [] : [value(11, 'B', FLOAT, [k, n])]),
    value(12, 'C', FLOAT, [m, n]),
  );
}
