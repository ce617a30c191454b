#include "cli/interrupt.hpp"

#include <csignal>

namespace cli {

namespace {

volatile std::sig_atomic_t stop_signal = 0;

}  // namespace

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = [](int signal) { stop_signal = signal; };
  action.sa_flags = SA_RESETHAND;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

int interrupt_signal() { return stop_signal; }

}  // namespace cli
