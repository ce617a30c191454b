#include <CLI/CLI.hpp>

int main(int argc, char** argv) {
  CLI::App app{"attn - attention heads: operators, training, head scores", "attn"};
  CLI11_PARSE(app, argc, argv);
  return 0;
}
