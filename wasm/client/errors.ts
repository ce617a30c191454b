// Failures as the reader sees them: a Russian sentence, with the core's own words kept as detail.

/** Codes of the core (core/attn/base/error.hpp) and those of the client around it. */
export type ErrorCode =
  | 'malformed'
  | 'unsupported'
  | 'mismatch'
  | 'out of range'
  | 'too large'
  | 'not finite'
  | 'internal'
  | 'crashed'
  | 'hung'
  | 'closed'
  | 'busy'
  | 'slow start'
  | 'no wasm'
  | 'no worker'
  | 'not loaded'
  | 'other module';

const SENTENCES: Record<ErrorCode, string> = {
  malformed: 'Запрос или файл составлен неверно',
  unsupported: 'Этого ядро не вычисляет',
  mismatch: 'Части запроса не подходят друг к другу',
  'out of range': 'Значение вне допустимых пределов',
  'too large': 'Запрос слишком велик для вкладки браузера',
  'not finite': 'Среди чисел встретилось не число или бесконечность',
  internal: 'В вычислительном ядре произошла внутренняя ошибка',
  crashed: 'Вычислительное ядро аварийно остановилось; оно запущено заново, а этот расчёт не завершён',
  hung: 'Вычислительное ядро перестало отвечать; оно запущено заново, а этот расчёт не завершён',
  closed: 'Вычислительное ядро этой фигуры уже остановлено',
  busy: 'Эта модель уже обучается',
  'slow start': 'Вычислительное ядро не загрузилось за пять секунд; пока показана запись',
  'no wasm': 'Этот браузер не поддерживает WebAssembly, поэтому живой расчёт невозможен; показана запись',
  'no worker': 'Браузер не дал запустить фоновый поток, поэтому живой расчёт невозможен; показана запись',
  'other module': 'Эта страница загрузила малый модуль ядра, а такой расчёт умеет только большой',
  'not loaded': 'Не удалось загрузить вычислительное ядро; показана запись',
};

/** What the core finds wrong in a config.json (core/attn/model/hf_config.cpp, config.cpp), said of the field it names. */
const CONFIG: [RegExp, (found: RegExpMatchArray) => string][] = [
  [/^("\S+") is missing/, (m) => `нет поля ${m[1]}`],
  [/^("\S+") must be a whole number from (\d+)/, (m) => `поле ${m[1]} должно быть целым числом не меньше ${m[2]}`],
  [/^("\S+") must be a number above 0/, (m) => `поле ${m[1]} должно быть положительным числом`],
  [/^("\S+") must be true or false/, (m) => `поле ${m[1]} должно быть true или false`],
  [/^("\S+") must be (a string|an object)/, (m) => `поле ${m[1]} должно быть ${m[2] === 'a string' ? 'строкой' : 'объектом'}`],
  [/^("\S+") must be 1$/, (m) => `поле ${m[1]} должно быть равно 1: поворот части координат не считается`],
  [/^("\S+") (?:=|of type) (\S+) is not supported(?:; (?:supported are|supported is|this family is computed with) (.+))?/, (m) => `значение ${m[2]} поля ${m[1]} не считается${m[3] ? `; считаются ${m[3].replace(' and ', ', ')}` : ''}`],
  [/^"layer_types" may hold/, () => 'в "layer_types" известны только full_attention и sliding_attention'],
  [/^"layer_types" must list one type for each of the (\d+) layers/, (m) => `в "layer_types" перечислены не все слои: их ${m[1]}`],
  [/^"sliding_window" = 1/, () => 'поле "sliding_window" должно быть не меньше 2'],
  [/^a JSON object is expected/, () => 'это не объект JSON'],
  [/model config: (\w+) = (-?\d+); it must lie between (\d+) and (\d+)/, (m) => `${m[1]} = ${m[2]}, а допустимо от ${m[3]} до ${m[4]}`],
  [/model config: heads = (\d+) does not divide width = (\d+)/, (m) => `ширина ${m[2]} не делится на число голов ${m[1]}`],
  [/model config: kv_heads = (\d+) does not divide heads = (\d+)/, (m) => `число голов ${m[2]} не делится на число голов ключей ${m[1]}`],
  [/model config: rotary positions/, () => 'ширина головы нечётна, а поворот позиций берёт координаты парами'],
  [/model config: rope_high_turns must exceed/, () => '"high_freq_factor" должен быть больше "low_freq_factor"'],
  [/model config: (\w+) must be a finite number/, (m) => `${m[1]} должно быть конечным положительным числом`],
];
/** Anything else is a fault of the JSON itself; where it is, the core's detail says. */
function configComplaint(detail: string): string {
  for (const [pattern, say] of CONFIG) {
    const found = detail.match(pattern);
    if (found) return `Файл config.json не подходит: ${say(found)}`;
  }
  return 'Файл config.json испорчен: он не читается как JSON';
}

/** What can be wrong with a reader's own model. */
const OWN_MODEL: [RegExp, (found: RegExpMatchArray) => string][] = [
  [/^there is no config\.json/, () => 'Среди файлов нет config.json: без него неизвестно, что это за модель'],
  [/^there is no model\.safetensors/, () => 'Среди файлов нет model.safetensors (или указателя model.safetensors.index.json с частями)'],
  [/^only \*\.safetensors can be read/, () => 'Веса лежат в другом формате; читаются только файлы *.safetensors'],
  [/^several \*\.safetensors/, () => 'Файлов *.safetensors несколько, а указателя model.safetensors.index.json среди них нет'],
  [/^(\S+) of the index is missing/, (m) => `Модель неполна: не хватает файла ${m[1]}`],
  [/^model\.safetensors\.index\.json names no files/, () => 'Указатель model.safetensors.index.json составлен неверно'],
  [/^(\S+) (?:cannot be read|became shorter)/, (m) => `Файл ${m[1]} перестал читаться: его изменили или удалили после выбора`],
  [/^config\.json: (?:model_type|the architecture) ("[^"]*")/, (m) => `Модель вида ${m[1]} здесь не считается; известны GPT-2, LLaMA, Mistral, Qwen2, Qwen3 и BERT`],
  [/^config\.json: "?quantization_config/, () => 'Веса сжаты (quantization_config); читаются только F32, F16 и BF16'],
  [/^config\.json of more than 1 MB/, () => 'Файл config.json больше мегабайта: это не описание модели'],
  [/^config\.json: (?!.*million parameters)(.+)$/, (m) => configComplaint(m[1] ?? '')],
  [/^(\S+): tensor ("[^"]*") is (\[.*?\]), config\.json asks for (\[.*?\])/, (m) => `У тензора ${m[2]} в файле ${m[1]} не тот размер: ${m[3]}, а config.json описывает ${m[4]}`],
  [/^tensor ("[^"]*") (\[.*?\]) is in none of the files/, (m) => `В файлах нет тензора ${m[1]} ${m[2]}: config.json описывает другую модель`],
  [/^(\S+): tensor ("[^"]*") has no place/, (m) => `Тензору ${m[2]} нет места в модели, которую описывает config.json: файлы от разных моделей`],
  [/^(\S+): tensor ("[^"]*") is (\w+), not/, (m) => `Тензор ${m[2]} записан как ${m[3]}; читаются F32, F16 и BF16`],
  [/^tensor ("[^"]*") holds a number that is not finite/, (m) => `В тензоре ${m[1]} встретилось не число: файл испорчен`],
  [/^(\S+): safetensors: tensor ("[^"]*"): its size overflows/, (m) => `Тензор ${m[2]} слишком велик: столько не поместится в память вкладки`],
  [/about (\d+) million parameters; the limit is (\d+) million/, (m) => `Модель слишком велика: около ${m[1]} млн параметров, а вкладке под силу самое большее ${m[2]} млн`],
  [/^(\S+\.safetensors): safetensors: /, (m) => `Файл модели ${m[1]} испорчен или обрезан`],
  [/^the weights would need about (\d+) MB, the limit is (\d+) MB/, (m) => `Весам нужно около ${m[1]} МБ памяти, а вкладке осталось ${m[2]}: закройте другие модели или вкладку`],
];

/** The core's sentences that a reader can cause, said in Russian. Tested against the real core. */
const TRANSLATIONS: [RegExp, (found: RegExpMatchArray) => string][] = [
  [/^token (-?\d+) at position (\d+) is outside the vocabulary of (\d+)/, (m) => `Токена ${m[1]} (позиция ${m[2]}) нет в словаре модели: в нём ${m[3]} токенов`],
  [/^(\d+) tokens, the model's context is (\d+)/, (m) => `Строка слишком длинная: ${m[1]} токенов, а контекст модели — ${m[2]}`],
  [/^no tokens/, () => 'Строка пуста: нужен хотя бы один токен'],
  [/^there is no activation named (.+)$/, (m) => `У модели нет активации с именем ${m[1]}`],
  [/^there is no (model|trainer) (\d+)/, () => 'Этой модели больше нет: она была удалена'],
  [/^there is no tokenizer (\d+)/, () => 'Этого токенизатора больше нет: он был удалён'],
  [/^weight (\d+) is not a finite number/, (m) => `Вес номер ${m[1]} — не число`],
  [/^(\d+) weights given, this model has (\d+)/, (m) => `Передано весов: ${m[1]}, а в модели их ${m[2]}`],
  [/^the file is empty/, () => 'Файл модели пуст'],
  [/^the file has (\d+) MB, the limit is (\d+) MB/, (m) => `Файл модели слишком велик: ${m[1]} МБ при пределе ${m[2]} МБ`],
  [/^about (\d+) million weights/, (m) => `В такой модели около ${m[1]} млн весов — слишком много для вкладки браузера`],
  ...OWN_MODEL,
  [/would need about (\d+) MB/, (m) => `Для этого расчёта понадобилось бы около ${m[1]} МБ памяти`],
  [/^out of memory/, () => 'Браузер больше не даёт памяти'],
];

function inRussian(code: ErrorCode, detail: string): string {
  for (const [pattern, say] of TRANSLATIONS) {
    const found = detail.match(pattern);
    if (found) return `${say(found)}.`;
  }
  // Why a browser would not start something it says in English; the reader is told what follows, and the rest is in `detail`.
  return detail && code !== 'not loaded' && code !== 'no worker' && code !== 'other module' ? `${SENTENCES[code]} (${detail}).` : `${SENTENCES[code]}.`;
}

/** `message` is fit to be shown; `detail` is what the core said, in English. */
export class EngineError extends Error {
  readonly code: ErrorCode;
  readonly detail: string;
  constructor(code: ErrorCode, detail = '') {
    super(inRussian(code, detail));
    this.name = 'EngineError';
    this.code = code;
    this.detail = detail;
  }
}

/** Whatever was thrown, as an EngineError. */
export function asEngineError(thrown: unknown): EngineError {
  if (thrown instanceof EngineError) return thrown;
  const { code, message } = thrown as { code?: string; message?: string };
  return new EngineError(code !== undefined && code in SENTENCES ? (code as ErrorCode) : 'internal', message ?? String(thrown));
}
