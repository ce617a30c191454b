// attn train lm: a language model on a corpus of tokens.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>

#include "attn/model/checkpoint.hpp"
#include "attn/train/lm.hpp"
#include "cli/command.hpp"
#include "cli/interrupt.hpp"
#include "cli/mapped_tokens.hpp"
#include "cli/thread_pool.hpp"
#include "cli/train_log.hpp"

namespace cli {

namespace {

using attn::Index;
using attn::LmTrainer;
using attn::StepMetrics;
using Clock = std::chrono::steady_clock;

struct LmOptions {
  std::string config, tokens, valid, out = "lm.safetensors", resume, log, keep;
  Index threads = 2, valid_every = 100, valid_windows = 64;
  std::optional<Index> steps, cooldown;
  double save_every = 120;
  std::string snapshot() const { return out + ".snapshot"; }
};

double seconds(Clock::duration d) { return std::chrono::duration<double>(d).count(); }

// Multiplications and additions of one token's forward and backward pass: 6 for each weight that is
// multiplied (a tied table once, as the unembedding), 12 L T H d for the scores and the mix (Kaplan et al.
// 2020, table 1).
double flops_per_token(const attn::Model& model, Index length) {
  const attn::ModelConfig& c = model.config;
  double weights = static_cast<double>(model.parameters.size());
  if (!c.tied) weights -= static_cast<double>(c.vocab * c.width);
  return 6 * weights + 12.0 * static_cast<double>(c.layers * length * c.heads * c.resolved_head_width());
}

std::unique_ptr<LmTrainer> start(const LmOptions& o) {
  std::unique_ptr<LmTrainer> trainer;
  if (!o.resume.empty()) {
    if (!o.config.empty())
      throw Failure(usage, "--resume goes on with the run's own config; leave out --config");
    const std::vector<std::uint8_t> bytes = read_file(o.resume);
    trainer = need(LmTrainer::resume(bytes.data(), bytes.size()), o.resume);
  } else {
    if (o.config.empty())
      throw Failure(usage, "give --config FILE to start a run, or --resume FILE to continue one");
    trainer =
        need(LmTrainer::create(need(attn::lm_config_from_json(read_text(o.config)), o.config)), o.config);
  }
  if (o.cooldown) trainer->cool_down(*o.cooldown);
  need(attn::validate(trainer->config()), "--cooldown");
  return trainer;
}

std::string how_to_resume(const LmOptions& o) {
  std::string text = "attn train lm --resume " + o.snapshot() + " --tokens " + o.tokens;
  const std::pair<const char*, const std::string*> files[] = {
      {" --valid ", &o.valid}, {" --log ", &o.log}, {" --keep ", &o.keep}};
  for (const auto& file : files)
    if (!file.second->empty()) text += file.first + *file.second;
  return text + " --threads " + std::to_string(o.threads) + " --out " + o.out;
}

// Powers of √2, rounded up: 0, 1, 2, 3, 4, 6, 8, 12, 16 ...
bool is_kept(Index step) {
  for (int k = 0; k < 64; ++k) {
    const auto kept = static_cast<Index>(std::ceil(std::pow(2.0, 0.5 * k) - 1e-9));
    if (kept >= step) return step == 0 || kept == step;
  }
  return false;
}

class Run {
 public:
  explicit Run(const LmOptions& o)
      : o_(o),
        trainer_(start(o)),
        total_(o.steps.value_or(trainer_->config().steps)),
        text_(o.tokens),
        pool_(o.threads),
        log_(o.log, trainer_->steps_done()),
        valid_log_(o.log.empty() ? "" : o.log + ".valid", trainer_->steps_done()) {
    if (total_ < trainer_->steps_done())
      throw Failure(usage, o.resume + " has done " + std::to_string(trainer_->steps_done()) +
                               " steps already, more than " + std::to_string(total_));
    if (!o.valid.empty()) valid_.emplace(o.valid);
    check(text_);
    if (valid_) check(*valid_);
  }

  void run() {
    saved_ = measured_ = Clock::now();
    if (trainer_->steps_done() == 0) keep();
    while (trainer_->steps_done() < total_ && !interrupt_signal()) step();
    validate_now();
    save();
    if (trainer_->steps_done() < total_)
      throw Failure(interrupted, "interrupted at step " + std::to_string(trainer_->steps_done()) +
                                     "; the run is saved in " + o_.snapshot() +
                                     "\nto go on: " + how_to_resume(o_));
    std::printf("%s: %td steps\n", o_.out.c_str(), trainer_->steps_done());
  }

 private:
  void check(const MappedTokens& file) const {
    need(attn::check_text(file.text(), trainer_->config().model), file.path());
  }

  void step() {
    const StepMetrics m = trainer_->step(text_.text(), pool_);
    if (!std::isfinite(m.loss) || !std::isfinite(m.grad_norm)) {
      save();
      throw Failure("the loss is no longer finite after step " + std::to_string(m.step) +
                    "; the state before is in " + o_.snapshot() +
                    ". Lower schedule.learning_rate, or set clip.");
    }
    log_.add(m);
    mean_loss_ += static_cast<double>(m.loss);
    ++since_;
    if (is_kept(m.step)) keep();
    if (m.step % o_.valid_every == 0) validate_now();
    if (o_.save_every > 0 && seconds(Clock::now() - saved_) >= o_.save_every) save();
  }

  // One line: the losses, and the speed of the steps since the last line.
  void validate_now() {
    if (since_ == 0) return;
    const attn::LmConfig& c = trainer_->config();
    const double rate =
        static_cast<double>(since_ * c.batch * c.resolved_length()) / seconds(Clock::now() - measured_);
    std::fprintf(stderr, "step %td/%td  loss %.4f  lr %.2e  %.0f tokens/s  %.1f GFLOP/s",
                 trainer_->steps_done(), total_, mean_loss_ / static_cast<double>(since_),
                 static_cast<double>(attn::learning_rate(c.schedule, trainer_->steps_done())), rate,
                 1e-9 * rate * flops_per_token(trainer_->model(), c.resolved_length()));
    if (valid_) {
      const StepMetrics v = trainer_->evaluate(valid_->text(), o_.valid_windows, pool_);
      valid_log_.add(v);
      std::fprintf(stderr, "  valid %.4f  %.4f bits/character", static_cast<double>(v.loss),
                   valid_->bits_per_character(static_cast<double>(v.loss)));
    }
    std::fputc('\n', stderr);
    mean_loss_ = 0;
    since_ = 0;
    measured_ = Clock::now();
  }

  // The run, and the model as it stands: a reader of --out always finds a whole one.
  void save() {
    write_file(o_.snapshot(), trainer_->snapshot());
    write_file(o_.out, model_bytes());
    saved_ = Clock::now();
  }
  void keep() {
    if (!o_.keep.empty())
      write_file(o_.keep + std::to_string(trainer_->steps_done()) + ".safetensors", model_bytes());
  }
  std::vector<std::uint8_t> model_bytes() const {
    return attn::save_model(trainer_->model(), {{"attn.lm", attn::to_json(trainer_->config())},
                                                {"attn.steps", std::to_string(trainer_->steps_done())}});
  }

  const LmOptions& o_;
  std::unique_ptr<LmTrainer> trainer_;
  const Index total_;
  MappedTokens text_;
  std::optional<MappedTokens> valid_;
  ThreadPool pool_;
  TrainLog log_, valid_log_;
  Clock::time_point saved_, measured_;
  double mean_loss_ = 0;
  Index since_ = 0;
};

}  // namespace

void add_train_lm(CLI::App& train) {
  CLI::App* sub = train.add_subcommand("lm", "train a language model on a corpus of tokens");
  const auto o = std::make_shared<LmOptions>();
  sub->add_option("--config", o->config,
                  "JSON file: model, batch, shards, steps, optimiser, schedule and so on");
  sub->add_option("--tokens", o->tokens, "training text, from `attn tokenizer pack`")->required();
  sub->add_option("--valid", o->valid, "held-out text");
  sub->add_option("--threads", o->threads, "does not change the result")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  sub->add_option("--out", o->out, "model to write, anew at every save")->capture_default_str();
  sub->add_option("--resume", o->resume, "continue from a snapshot (OUT.snapshot)");
  sub->add_option("--steps", o->steps, "stop here, instead of at the config's steps; the schedule stays")
      ->check(CLI::Range(0, 1000000000));
  sub->add_option("--cooldown", o->cooldown,
                  "let the learning rate fall to its floor over this many steps, and end")
      ->check(CLI::Range(1, 1000000000));
  sub->add_option("--log", o->log, "CSV of every step; the validation loss goes to LOG.valid");
  sub->add_option("--keep", o->keep,
                  "keep models of steps 0, 1, 2, 3, 4, 6, 8, 12 ... as KEEPstep.safetensors");
  sub->add_option("--valid-every", o->valid_every, "steps between validations")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  sub->add_option("--valid-windows", o->valid_windows, "windows of the held-out text")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  sub->add_option("--save-every", o->save_every, "seconds between saves; 0: only at the end")
      ->check(CLI::Range(0.0, 1e9))
      ->capture_default_str();
  sub->footer(
      "Ctrl-C saves the run to OUT.snapshot; a resumed run ends in the same weights, bit for bit.\n\n"
      "Example:\n"
      "  attn train lm --config models/ru-small/train.json --tokens train.tokens --valid valid.tokens");
  sub->callback([o] {
    catch_interrupts();
    Run(*o).run();
  });
}

}  // namespace cli
