// attn train: a training run that can be watched, stopped and resumed.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>

#include "attn/io/json.hpp"
#include "attn/model/checkpoint.hpp"
#include "attn/train/trainer.hpp"
#include "cli/command.hpp"
#include "cli/interrupt.hpp"
#include "cli/progress.hpp"
#include "cli/train_log.hpp"

namespace cli {

namespace {

using attn::Index;
using attn::StepMetrics;
using attn::Trainer;
using attn::io::Json;

struct TrainOptions {
  std::string task, config, out, resume, log;
  std::optional<Index> steps;
  std::optional<std::uint64_t> seed;
  double save_every = 30;
  std::string target() const { return out.empty() ? task + ".safetensors" : out; }
  std::string snapshot() const { return target() + ".snapshot"; }
};

// The config file with the task of the command line written into it.
attn::TrainConfig read_config(const TrainOptions& o) {
  Json root = need(Json::parse(read_text(o.config)), o.config);
  if (!root.is(Json::Type::object)) throw Failure(o.config + ": the config must be a JSON object");
  Json task = root.find("task") ? *root.find("task") : Json::object();
  if (const Json* kind = task.is(Json::Type::object) ? task.find("kind") : nullptr)
    if (kind->is(Json::Type::string) && kind->string() != o.task)
      throw Failure(usage, o.config + " is a config of the task " + kind->string() + ", not of " + o.task);
  task.set("kind", Json::of(o.task));
  root.set("task", std::move(task));
  attn::TrainConfig config = need(attn::train_config_from_json(root.dump()), o.config);
  if (o.steps) config.steps = *o.steps;
  if (o.seed) config.seed = *o.seed;
  need(attn::validate(config), "--steps, --seed");
  return config;
}

std::string task_of(const attn::TrainConfig& config) {
  return need(Json::parse(attn::to_json(config.task)), "task").find("kind")->string();
}

std::unique_ptr<Trainer> start(const TrainOptions& o) {
  if (o.resume.empty()) {
    if (o.config.empty())
      throw Failure(usage, "give --config FILE to start a run, or --resume FILE to continue one");
    return need(Trainer::create(read_config(o)), o.config);
  }
  if (!o.config.empty() || o.seed)
    throw Failure(usage,
                  "--resume goes on with the run's own config and seed; leave out --config and --seed");
  const std::vector<std::uint8_t> bytes = read_file(o.resume);
  std::unique_ptr<Trainer> trainer = need(Trainer::resume(bytes.data(), bytes.size()), o.resume);
  if (task_of(trainer->config()) != o.task)
    throw Failure(usage,
                  o.resume + " is a run of the task " + task_of(trainer->config()) + ", not of " + o.task);
  return trainer;
}

void save_snapshot(const Trainer& trainer, const TrainOptions& o) {
  write_file(o.snapshot(), trainer.snapshot());
}

std::string how_to_resume(const TrainOptions& o, Index total) {
  std::string text = "attn train " + o.task + " --resume " + o.snapshot();
  if (!o.out.empty()) text += " --out " + o.out;
  if (!o.log.empty()) text += " --log " + o.log;
  if (o.steps) text += " --steps " + std::to_string(total);
  return text;
}

// Runs to `total` steps; false when a signal ended it early.
bool run_steps(Trainer& trainer, const TrainOptions& o, Index total, StepMetrics& last) {
  using Clock = std::chrono::steady_clock;
  TrainLog log(o.log, trainer.steps_done());
  Progress progress(trainer.steps_done(), total);
  auto saved = Clock::now();
  while (trainer.steps_done() < total && !interrupt_signal()) {
    last = trainer.step();
    if (!std::isfinite(last.loss) || !std::isfinite(last.grad_norm)) {
      progress.finish();
      save_snapshot(trainer, o);
      throw Failure("the loss is no longer finite at step " + std::to_string(trainer.steps_done()) +
                    "; the last good state is in " + o.snapshot() +
                    ". Lower schedule.learning_rate, or set clip.");
    }
    log.add(last);
    progress.show(last);
    if (o.save_every > 0 && std::chrono::duration<double>(Clock::now() - saved).count() >= o.save_every) {
      save_snapshot(trainer, o);
      saved = Clock::now();
    }
  }
  progress.finish();
  return trainer.steps_done() >= total;
}

void run_train(const TrainOptions& o) {
  const std::unique_ptr<Trainer> trainer = start(o);
  const Index total = o.steps.value_or(trainer->config().steps);
  if (total < trainer->steps_done())
    throw Failure(usage, o.resume + " has done " + std::to_string(trainer->steps_done()) +
                             " steps already; --steps " + std::to_string(total) + " asks for fewer");
  catch_interrupts();
  StepMetrics last;
  if (!run_steps(*trainer, o, total, last)) {
    save_snapshot(*trainer, o);
    throw Failure(interrupted, "interrupted at step " + std::to_string(trainer->steps_done()) + " of " +
                                   std::to_string(total) + "; the run is saved in " + o.snapshot() +
                                   "\nto go on: " + how_to_resume(o, total));
  }
  write_file(o.target(), attn::save_model(trainer->model(), {{"attn.train", attn::to_json(trainer->config())},
                                                             {"attn.steps", std::to_string(total)}}));
  std::remove(o.snapshot().c_str());
  std::printf("%s: %td steps", o.target().c_str(), total);
  if (last.step) std::printf(", loss %.4f, accuracy %.4f", double(last.loss), double(last.accuracy));
  std::printf("\n");
}

}  // namespace

void add_train(CLI::App& app) {
  CLI::App* sub = app.add_subcommand("train", "train a model on a synthetic task or, with lm, on text");
  const auto o = std::make_shared<TrainOptions>();
  sub->add_option(
         "TASK", o->task,
         "repeat, copy, recall, markov, ngram, uniform or backcopy: the next token; previous, rarest, "
         "last_name, seen or gather: a label about the past; cycle or swap: a label on either side "
         "(model.kind encoder)")
      ->check(CLI::IsMember({"repeat", "copy", "recall", "markov", "ngram", "uniform", "backcopy", "previous",
                             "rarest", "last_name", "seen", "gather", "cycle", "swap"}));
  sub->add_option("--config", o->config, "JSON file: model, task, adamw, schedule, batch, steps, seed");
  sub->add_option("--out", o->out, "model to write; default: TASK.safetensors");
  sub->add_option("--steps", o->steps, "steps in all, instead of the config's")
      ->check(CLI::Range(0, 1000000000));
  sub->add_option("--seed", o->seed, "random seed, instead of the config's");
  sub->add_option("--resume", o->resume, "continue from a snapshot");
  sub->add_option("--log", o->log, "CSV file of every step's loss, accuracy, gradient norm, learning rate");
  sub->add_option("--save-every", o->save_every, "seconds between snapshots; 0: only when stopped")
      ->check(CLI::Range(0.0, 1e9))
      ->capture_default_str();
  sub->footer(
      "Ctrl-C saves the run to OUT.snapshot and says how to go on; a resumed run ends in the same\n"
      "weights, bit for bit, as one that was never stopped.\n\n"
      "Examples:\n"
      "  attn train repeat --config models/repeat-2l/train.json --out induction.safetensors\n"
      "  attn train repeat --resume induction.safetensors.snapshot --out induction.safetensors");
  add_train_lm(*sub);
  sub->callback([o, sub] {
    if (!sub->get_subcommands().empty()) return;  // lm has its own callback
    if (o->task.empty()) throw Failure(usage, "name a task, or lm; see attn train --help");
    run_train(*o);
  });
}

}  // namespace cli
