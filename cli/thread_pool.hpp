// Threads that stay, for work that comes in many small portions.
#pragma once

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "attn/train/parallel.hpp"

namespace cli {

class ThreadPool final : public attn::Workers {
 public:
  explicit ThreadPool(attn::Index threads);  // the caller is one of them
  ~ThreadPool() override;
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  attn::Index count() const override { return static_cast<attn::Index>(threads_.size()) + 1; }
  void run(attn::Index n, const attn::Job& job) override;

 private:
  void serve(attn::Index worker);
  void take_jobs(std::unique_lock<std::mutex>& lock, attn::Index worker);

  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable work_, done_;
  const attn::Job* job_ = nullptr;  // what follows is under mutex_
  attn::Index next_ = 0, total_ = 0, running_ = 0;
  bool closing_ = false;
  std::exception_ptr failure_;
};

}  // namespace cli
