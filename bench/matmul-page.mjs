// The contestants of bench/matmul.mjs, as they run in the page. Each gives `prepare(shape, a, b)`, which returns
// { run(n): n products, result(): C }; operands are in place before the clock starts.

const imports = (module) => {
  const out = {};
  for (const { module: m, name, kind } of WebAssembly.Module.imports(module))
    if (kind === 'function') (out[m] ??= {})[name] = () => { if (name === 'proc_exit') throw new Error('the core gave up'); return 0; };
  return out;
};

export async function openOurs(url) {
  const module = await WebAssembly.compile(await (await fetch(url)).arrayBuffer());
  const { exports } = await WebAssembly.instantiate(module, imports(module));
  exports._initialize?.();
  const put = (values) => { const at = exports.allocate(values.length); new Float32Array(exports.memory.buffer, at, values.length).set(values); return at; };
  return {
    prepare([m, k, n], a, b) {
      const [pa, pb, pc] = [put(a), put(b), exports.allocate(m * n)];
      return {
        run: (times) => { for (let i = 0; i < times; ++i) exports.product(pc, pa, pb, m, k, n); },
        result: () => new Float32Array(exports.memory.buffer, pc, m * n).slice(),
      };
    },
    /** Floating-point operations per step of each loop that only multiplies and adds. */
    peaks: [8, 10, 12].map((chains) => ({ flop: 8 * chains, run: exports[`peak${chains}`] })),
  };
}

/** TensorFlow.js: B stays the same tensor, so XNNPACK packs it once and keeps the packed copy. */
export async function openTfjs(tf, wasmFolder) {
  tf.wasm.setWasmPaths(wasmFolder);
  await tf.setBackend('wasm');
  await tf.ready();
  return {
    name: `TensorFlow.js ${tf.version_core} wasm: SIMD ${await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')}, threads ${await tf.env().getAsync('WASM_HAS_MULTITHREAD_SUPPORT') ? tf.wasm.getThreadsCount() : 1}`,
    prepare([m, k, n], a, b) {
      const [ta, tb] = [tf.tensor2d(a, [m, k]), tf.tensor2d(b, [k, n])];
      return {
        run: (times) => { for (let i = 0; i < times; ++i) tf.matMul(ta, tb).dispose(); },
        result: () => { const c = tf.matMul(ta, tb), values = c.dataSync().slice(); c.dispose(); return values; },
        close: () => { ta.dispose(); tb.dispose(); },
      };
    },
  };
}

/** ONNX Runtime Web: `models(times)` gives the bytes; a run is asynchronous and copies A in and C out. */
export async function openOrt(ort, wasmFolder) {
  ort.env.wasm.wasmPaths = wasmFolder;
  ort.env.wasm.numThreads = 1;
  return {
    name: `ONNX Runtime Web ${ort.env.versions.web}, wasm, threads ${ort.env.wasm.numThreads}`,
    async prepare(bytes, [m, k, n], a, b, constantB, perRun) {
      const session = await ort.InferenceSession.create(bytes, { executionProviders: ['wasm'] });
      const feeds = { A: new ort.Tensor('float32', a, [m, k]) };
      if (!constantB) feeds.B = new ort.Tensor('float32', b, [k, n]);
      return {
        run: async (times) => { for (let i = 0; i < times; i += perRun) await session.run(feeds); },
        result: async () => (await session.run(feeds)).C.data.slice(),
        close: () => session.release(),
      };
    },
  };
}
