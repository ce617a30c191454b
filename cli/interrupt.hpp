// Ctrl-C that ends a run in good order.
#pragma once

namespace cli {

// The first Ctrl-C (or SIGTERM) is only noted; a second one ends the program at once.
void catch_interrupts();
int interrupt_signal();  // 0: none so far

}  // namespace cli
