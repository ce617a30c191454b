// From the two files of a model to what the figures work with. Used by the page and by record.ts.
import type { ModelInfo, RemoteEngine } from '../../../../wasm/client/types.ts';
import { readSafetensors } from '../specimen/safetensors.ts';
import { readNet, type Net } from './net.ts';
import { Tokenizer } from './tokenizer.ts';

export interface RuSmall {
  id: number;
  info: ModelInfo;
  net: Net;
  tokenizer: Tokenizer;
}

/** The shipped file keeps a byte a weight; the core widens it, and the widened weights are what is read here. */
export async function openModel(engine: RemoteEngine, model: Uint8Array, tokenizer: string): Promise<RuSmall> {
  const words = new Tokenizer(tokenizer);
  const info = await engine.loadModel(model);
  const net = readNet(info, readSafetensors(await engine.saveModel(info.id)));
  if (words.vocab !== net.vocab) throw new Error(`Токенизатор знает ${words.vocab} токенов, модель — ${net.vocab}: файлы от разных моделей`);
  return { id: info.id, info, net, tokenizer: words };
}
