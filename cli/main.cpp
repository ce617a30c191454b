// `attn`: the course's attention core on the command line.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <new>

#include "cli/command.hpp"

namespace {

constexpr const char* examples =
    "Examples:\n"
    "  attn train repeat --config models/repeat-2l/train.json --out induction.safetensors\n"
    "  attn heads induction.safetensors\n"
    "  attn generate induction.safetensors --prompt "
    "\u0430\u0431\u0432\u0433\u0434\u0435\u0436\u0437\u0430\u0431\u0432\n"
    "  attn op attention in.safetensors out.safetensors --attr is_causal=1\n"
    "  attn run gpt2 --ids 464,3290,318 --out out.safetensors\n"
    "  attn info induction.safetensors\n"
    "\n"
    "Exit status: 0 success, 1 failure, 2 wrong usage, 130 interrupted.\n"
    "`attn COMMAND --help` tells more about a command.";

int report(const char* message, int code) {
  std::fprintf(stderr, "attn: %s\n", message);
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"attn: the attention core of the course: training, head scores, operators", "attn"};
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "help of every command");
  app.footer(examples);
  cli::add_train(app);
  cli::add_heads(app);
  cli::add_generate(app);
  cli::add_op(app);
  cli::add_run(app);
  cli::add_info(app);
  cli::add_tokenizer(app);
  cli::add_lm(app);
  cli::add_snapshots(app);
  try {
    app.parse(argc, argv);
    return cli::success;
  } catch (const CLI::ParseError& e) {
    const int code = app.exit(e);  // prints the help asked for, or what was wrong with the arguments
    return code == 0 ? cli::success : cli::usage;
  } catch (const cli::Failure& e) {
    return report(e.what(), e.code);
  } catch (const std::bad_alloc&) {
    return report("not enough memory for this input", cli::failure);
  } catch (const std::exception& e) {
    return report(e.what(), cli::failure);
  }
}
