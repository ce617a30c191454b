#include "cli/thread_pool.hpp"

namespace cli {

using attn::Index;
using Lock = std::unique_lock<std::mutex>;

ThreadPool::ThreadPool(Index threads) {
  for (Index i = 1; i < threads; ++i) threads_.emplace_back([this, i] { serve(i); });
}

ThreadPool::~ThreadPool() {
  {
    const Lock lock(mutex_);
    closing_ = true;
  }
  work_.notify_all();
  for (std::thread& t : threads_) t.join();
}

void ThreadPool::run(Index n, const attn::Job& job) {
  Lock lock(mutex_);
  job_ = &job;
  next_ = 0;
  total_ = n;
  failure_ = nullptr;
  work_.notify_all();
  take_jobs(lock, 0);
  done_.wait(lock, [this] { return running_ == 0; });
  if (failure_) std::rethrow_exception(failure_);
}

void ThreadPool::serve(Index worker) {
  Lock lock(mutex_);
  while (!closing_) {
    take_jobs(lock, worker);
    work_.wait(lock, [this] { return closing_ || next_ < total_; });
  }
}

// Until none is left; after a failure the rest is not begun.
void ThreadPool::take_jobs(Lock& lock, Index worker) {
  while (next_ < total_) {
    const Index i = next_++;
    ++running_;
    lock.unlock();
    std::exception_ptr failure;
    try {
      (*job_)(i, worker);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    --running_;
    if (failure && !failure_) failure_ = failure;
    if (failure) next_ = total_;
  }
  if (running_ == 0) done_.notify_all();
}

}  // namespace cli
