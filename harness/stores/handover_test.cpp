#include "harness/stores/handover.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

#include "harness/stores/digest.hpp"
#include "harness/stores/row_batch.hpp"

namespace sluice::stores {
namespace {

using Numbers = std::vector<int>;

TEST(Handover, GivesBatchesInOrderAndThenNothing) {
  Handover<Numbers> handover;
  std::thread giver([&] {
    for (int i = 0; i < 100; ++i) {
      auto batch = handover.blank();
      batch->assign(1, i);
      ASSERT_TRUE(handover.give(std::move(batch)));
    }
    handover.finish();
  });
  for (int i = 0; i < 100; ++i) {
    auto batch = handover.take();
    ASSERT_TRUE(batch);
    EXPECT_EQ(*batch, Numbers{i});
    handover.give_back(std::move(batch));
  }
  EXPECT_FALSE(handover.take());
  giver.join();
}

TEST(Handover, ThrowsTheFailureAfterTheLastBatch) {
  Handover<Numbers> handover;
  handover.give(std::make_unique<Numbers>(1, 7));
  handover.finish(std::make_exception_ptr(std::runtime_error("torn")));
  EXPECT_EQ(*handover.take(), Numbers{7});
  EXPECT_THROW(handover.take(), std::runtime_error);
}

TEST(Handover, LetsTheGiverGoWhenNobodyTakesAnyMore) {
  Handover<Numbers> handover;
  std::thread giver([&] {
    while (handover.give(std::make_unique<Numbers>())) {
    }
  });
  handover.close();
  giver.join();
}

TEST(RowBatch, KeepsWhatTheCursorTakesBack) {
  RowBatch batch;
  for (int i = 0; i < 3; ++i) {
    const std::string text = "row " + std::to_string(i);
    batch.add(RawRow{RawCell::of_integer(i), RawCell::of_text(text), RawCell::of_null()});
  }
  const auto row = batch.row(1);
  ASSERT_EQ(row.size(), 3U);
  EXPECT_EQ(row[0].integer, 1);
  EXPECT_EQ(row[1].bytes, "row 1");
  EXPECT_TRUE(row[2].is_null());
}

TEST(RowBatch, KeepsSmallCellsWhenLargeOnesFollowAndIsUsedAgain) {
  RowBatch batch;
  for (int round = 0; round < 3; ++round) {
    batch.clear();
    const std::string large(300'000, 'x'), half(200'000, 'y'), small = "small " + std::to_string(round);
    batch.add(RawRow{RawCell::of_text(small), RawCell::of_text(half)});
    batch.add(RawRow{RawCell::of_blob(large), RawCell::of_text("")});
    batch.add(RawRow{RawCell::of_text(half), RawCell::of_text(small)});
    ASSERT_EQ(batch.size(), 3U);
    EXPECT_EQ(batch.row(0)[0].bytes, small);
    EXPECT_EQ(batch.row(0)[1].bytes, half);
    EXPECT_EQ(batch.row(1)[0].bytes, large);
    EXPECT_EQ(batch.row(1)[1].bytes, "");
    EXPECT_EQ(batch.row(2)[0].bytes, half);
    EXPECT_EQ(batch.row(2)[1].bytes, small);
  }
}

TEST(RowBatch, BeginsWithALargeCellAndGoesOn) {
  RowBatch batch;
  const std::string large(300'000, 'x');
  batch.add(RawRow{RawCell::of_text(large)});
  batch.add(RawRow{RawCell::of_text("after")});
  EXPECT_EQ(batch.row(0)[0].bytes, large);
  EXPECT_EQ(batch.row(1)[0].bytes, "after");
}

TEST(RowBatch, IsFullAfterFewLargeRows) {
  RowBatch batch;
  const std::string large(1 << 20, 'x');
  EXPECT_FALSE(batch.full());
  batch.add(RawRow{RawCell::of_text(large)});
  EXPECT_TRUE(batch.full());
}

TEST(PartitionOfAHeap, KnowsTheBucketOfEveryKey) {
  const Partition partition = partition_heap(-5, {.table = "t", .blocks = {0, 64, 128}, .keys = {1, 100, 200}});
  EXPECT_EQ(partition.buckets, 3U);
  EXPECT_EQ(partition.first_key(0), -5);
  EXPECT_EQ(partition.first_key(3), std::nullopt);
  EXPECT_EQ(partition.bucket_of(-7), 0U);
  EXPECT_EQ(partition.bucket_of(99), 0U);
  EXPECT_EQ(partition.bucket_of(100), 1U);
  EXPECT_EQ(partition.bucket_of(1'000'000), 2U);
}

}  // namespace
}  // namespace sluice::stores
